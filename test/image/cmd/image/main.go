// Command image makes the container image that a Dockerfile describes from
// programs that are built already, without a container engine. `make image` runs
// it where no engine answers.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"hedged.dev/hedged/test/image"
	"hedged.dev/hedged/test/image/dockerfile"
)

func main() {
	err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH"), os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	name       string
	dockerfile string
	archive    string
	layout     string
	programs   []string
	arguments  map[string]string
}

func parse(args []string, usage io.Writer) (options, error) {
	o := options{arguments: map[string]string{}}
	f := flag.NewFlagSet("image", flag.ContinueOnError)
	f.SetOutput(usage)
	f.StringVar(&o.name, "t", "", "the image's `NAME`")
	f.StringVar(&o.dockerfile, "f", "Dockerfile", "the `FILE` whose last stage says what the image says of itself")
	f.StringVar(&o.archive, "o", "", "write a `FILE` for docker load, podman load and ctr images import")
	f.StringVar(&o.layout, "layout", "", "write an OCI image layout into a `FOLDER`, for all platforms")
	f.Func("program", "the `FILE` of a static program for Linux; again for a further platform", func(value string) error {
		o.programs = append(o.programs, value)
		return nil
	})
	f.Func("build-arg", "the value of an ARG of the Dockerfile, `NAME=VALUE`; again for a further one", func(value string) error {
		key, v, ok := strings.Cut(value, "=")
		if !ok {
			return errors.New("NAME=VALUE is expected")
		}
		o.arguments[key] = v
		return nil
	})
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", f.Arg(0))
	case o.name == "" || len(o.programs) == 0:
		return o, errors.New("-t and -program are needed")
	case o.archive == "" && o.layout == "":
		return o, errors.New("-o or -layout is needed: where the image goes")
	case o.archive != "" && len(o.programs) > 1:
		return o, errors.New("an archive (-o) is for one platform: give one -program, or -layout")
	}
	return o, nil
}

// run makes the image. epoch is SOURCE_DATE_EPOCH: seconds since 1970, or nothing.
func run(args []string, epoch string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(o.dockerfile)
	if err != nil {
		return err
	}
	config, err := dockerfile.Config(string(text), o.arguments)
	if err != nil {
		return fmt.Errorf("%s: %w", o.dockerfile, err)
	}
	var created time.Time
	if epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 {
			return fmt.Errorf("SOURCE_DATE_EPOCH=%s: seconds since 1970 are expected", epoch)
		}
		created = time.Unix(seconds, 0)
	}
	var images []image.Image
	for _, program := range o.programs {
		images = append(images, image.Image{Name: o.name, Program: program, Config: config, Created: created})
	}
	return write(o, images, out)
}

func write(o options, images []image.Image, out io.Writer) error {
	if o.archive != "" {
		if err := images[0].WriteFile(o.archive); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, o.archive); err != nil {
			return err
		}
	}
	if o.layout != "" {
		if err := image.WriteLayout(o.layout, images...); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, o.layout); err != nil {
			return err
		}
	}
	return nil
}
