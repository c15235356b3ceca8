package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// errDeclined ends a verb whose user said no.
var errDeclined = errors.New("not agreed: nothing was changed")

// agreement is how somebody agrees to what a verb is about to do.
type agreement struct {
	yes bool
	// confirm is the name that a dangerous change asks for.
	confirm string
}

func (g *agreement) addFlags(f *pflag.FlagSet) {
	f.BoolVarP(&g.yes, "yes", "y", false, "agree to what is shown, without being asked")
}

// addConfirm adds the flag for changes that ask for a name.
func (g *agreement) addConfirm(f *pflag.FlagSet) {
	f.StringVar(&g.confirm, "confirm", "", "agree to what cannot be taken back, by the `NAME` that would have to be typed")
}

// agree asks on a terminal. Without one it never waits: somebody has to have
// agreed before.
func (a *app) agree(ctx context.Context, g *agreement, question string) error {
	if g.yes {
		return nil
	}
	if !a.Terminal {
		return errors.New("there is no terminal to ask on: read what would be done, and say -y to agree")
	}
	answer, err := a.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return errDeclined
	}
	return nil
}

// agreeTyped asks for a name to be typed, for what -y is too easily said to.
func (a *app) agreeTyped(ctx context.Context, g *agreement, question, name string) error {
	switch {
	case g.confirm == name:
		return nil
	case g.confirm != "":
		return usagef("--confirm is %q, and has to be %q", g.confirm, name)
	case !a.Terminal:
		return fmt.Errorf("there is no terminal to ask on: read what would be done, and say --confirm %s to agree", name)
	}
	answer, err := a.ask(ctx, fmt.Sprintf("%s Type %s to agree: ", question, name))
	if err != nil {
		return err
	}
	if answer != name {
		return errDeclined
	}
	return nil
}

// ask prints a question and reads a line, until somebody interrupts.
func (a *app) ask(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprint(a.Err, question)
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(a.In).ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errDeclined
	case answer := <-read:
		if answer.err != nil && answer.text == "" {
			return "", errDeclined
		}
		return strings.TrimSpace(answer.text), nil
	}
}
