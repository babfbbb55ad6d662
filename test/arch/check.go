package arch

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Check reads the Go files and the go.mod of a module's tree and returns each
// breach of the rules as "file:line: what". The error is one of reading or
// parsing.
func Check(tree fs.FS, rules Rules) ([]string, error) {
	c := checker{tree: tree, rules: rules}
	if err := fs.WalkDir(tree, ".", c.visit); err != nil {
		return nil, err
	}
	if err := c.modules(); err != nil {
		return nil, err
	}
	return c.breaches, nil
}

type checker struct {
	tree     fs.FS
	rules    Rules
	breaches []string
}

func (c *checker) breach(place, format string, args ...any) {
	c.breaches = append(c.breaches, place+": "+fmt.Sprintf(format, args...))
}

// visit checks one entry of the tree. Build constraints do not count: a rule
// that holds on one system holds on all.
func (c *checker) visit(name string, entry fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case entry.IsDir():
		return c.folder(name)
	case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
		return c.file(name)
	}
	return nil
}

func (c *checker) folder(name string) error {
	base := path.Base(name)
	if name == "test" || base == "testdata" || base == "bin" || base != "." && strings.HasPrefix(base, ".") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(c.tree, path.Join(name, "go.mod")); err == nil && name != "." {
		return fs.SkipDir // a module of its own
	}
	if slices.Contains(c.rules.Names, base) {
		c.breach(name, "the name %s says nothing: name the package after what it provides", base)
	}
	return nil
}

func (c *checker) file(name string) error {
	src, err := fs.ReadFile(c.tree, name)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, src, parser.ImportsOnly)
	if err != nil {
		return err
	}
	from, ok := c.unit(path.Dir(name))
	if !ok {
		c.breach(name, "%s is not in the table of floors: see docs/ARCHITECTURE.md", path.Dir(name))
		return nil
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		place := fmt.Sprintf("%s:%d", name, files.Position(spec.Pos()).Line)
		c.floor(place, from, imported)
		c.restrictions(place, from, imported)
	}
	return nil
}

// unit is the entry of the table of floors that a folder counts as, with its
// first two elements also where only the first is in the table: two commands
// are two units of one floor.
func (c *checker) unit(folder string) (unit string, ok bool) {
	parts := strings.SplitN(folder, "/", 3)
	unit = strings.Join(parts[:min(2, len(parts))], "/")
	_, ok = c.floorOf(unit)
	return unit, ok
}

func (c *checker) floorOf(unit string) (floor int, ok bool) {
	if floor, ok = c.rules.Floors[unit]; ok {
		return floor, true
	}
	first, _, _ := strings.Cut(unit, "/")
	floor, ok = c.rules.Floors[first]
	return floor, ok
}

func (c *checker) floor(place, from, imported string) {
	folder, inside := strings.CutPrefix(imported, Module+"/")
	if !inside {
		return
	}
	to, ok := c.unit(folder)
	if !ok || to == from { // a folder outside the table is reported where it is
		return
	}
	low, _ := c.floorOf(to)
	high, _ := c.floorOf(from)
	if low >= high {
		c.breach(place, "%s (floor %d) imports %s (floor %d): only lower floors may be imported", from, high, to, low)
	}
}

func (c *checker) restrictions(place, from, imported string) {
	for _, r := range c.rules.Imports {
		if imported != r.Path && !strings.HasPrefix(imported, r.Path+"/") {
			continue
		}
		first, _, _ := strings.Cut(from, "/")
		if !slices.Contains(r.Only, from) && !slices.Contains(r.Only, first) {
			c.breach(place, "%s imports %s: %s", from, imported, r.Why)
		}
	}
}

// modules checks that go.mod requires none of the modules that stay out.
func (c *checker) modules() error {
	text, err := fs.ReadFile(c.tree, "go.mod")
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(text), "\n") {
		module := strings.TrimPrefix(strings.TrimSpace(line), "require ")
		for _, prefix := range c.rules.Modules {
			if strings.HasPrefix(module, prefix) {
				c.breach(fmt.Sprintf("go.mod:%d", i+1), "%s stays out of go.mod: give it a module of its own under test/",
					strings.Fields(module)[0])
			}
		}
	}
	return nil
}
