package dockerfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// instruction is one of a Dockerfile, its continued lines joined.
type instruction struct {
	line int // where it starts
	name string
	rest string
}

func instructions(text string) []instruction {
	var all []instruction
	continued := false
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line, more := strings.CutSuffix(line, `\`)
		if continued {
			all[len(all)-1].rest += " " + strings.TrimSpace(line)
		} else {
			name, rest, _ := strings.Cut(line, " ")
			all = append(all, instruction{line: n + 1, name: strings.ToUpper(name), rest: strings.TrimSpace(rest)})
		}
		continued = more
	}
	return all
}

// lastStage is the last FROM and what follows it.
func lastStage(all []instruction) []instruction {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].name == "FROM" {
			return all[i:]
		}
	}
	return nil
}

// split takes words apart at spaces that are not quoted, and puts the values of
// ARGs in.
func split(text string, value map[string]string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for text != "" {
		switch c := text[0]; c {
		case ' ', '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			text, inWord = text[1:], false
		case '"', '\'':
			quoted, after, ok := strings.Cut(text[1:], string(c))
			if !ok {
				return nil, fmt.Errorf("the quote %c has no end", c)
			}
			if c == '"' {
				filled, err := fill(quoted, value)
				if err != nil {
					return nil, err
				}
				quoted = filled
			}
			word.WriteString(quoted)
			text, inWord = after, true
		default:
			end := strings.IndexAny(text, " \t\"'")
			if end < 0 {
				end = len(text)
			}
			filled, err := fill(text[:end], value)
			if err != nil {
				return nil, err
			}
			word.WriteString(filled)
			text, inWord = text[end:], true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

var variable = regexp.MustCompile(`\$(?:\{([^}]*)\}|(\w*))`)

// fill puts the values of ARGs in: $NAME and ${NAME}.
func fill(text string, value map[string]string) (string, error) {
	if strings.Contains(text, `\`) {
		return "", errors.New(`a backslash is not understood here: put the words in single quotes`)
	}
	var unknown error
	filled := variable.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found, "${}")
		v, ok := value[name]
		if !ok {
			unknown = fmt.Errorf("there is no ARG for %s", found)
		}
		return v
	})
	return filled, unknown
}
