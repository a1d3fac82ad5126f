package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate/report"
)

// Where logins are made if nothing else is said.
const (
	productionLogin = "https://login.salesforce.com"
	sandboxLogin    = "https://test.salesforce.com"
)

// loginFlags are the flags of every way to log in.
type loginFlags struct {
	orgFlags
	alias    string
	instance string
	sandbox  bool
	clientID string
	secret   string // a file
}

func (f *loginFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.alias, "alias", "", "call the org `NAME` from now on")
	fl.StringVar(&f.caFile, "ca-file", "", "trust the certificates in `FILE`, in PEM, as well")
}

// host adds the flags that say where to log in.
func (f *loginFlags) host(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.instance, "instance-url", "", "log in at the org's My Domain `URL` (default "+productionLogin+")")
	fl.BoolVar(&f.sandbox, "sandbox", false, "log in at "+sandboxLogin)
}

func (f *loginFlags) loginURL() (string, error) {
	switch {
	case f.sandbox && f.instance != "":
		return "", usagef("", "--sandbox and --instance-url are two places; choose one")
	case f.sandbox:
		return sandboxLogin, nil
	case f.instance != "":
		return f.instance, nil
	}
	return productionLogin, nil
}

// way makes the command of a way to log in.
func (p *program) way(f *loginFlags, cmd *cobra.Command, get func(ctx context.Context, sys login.System) (*login.Login, error)) *cobra.Command {
	cmd.Args = noArguments
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sys, err := p.system(&f.orgFlags)
		if err != nil {
			return err
		}
		l, err := get(cmd.Context(), sys)
		if err != nil {
			return err
		}
		p.redactor.Add(l.Token)
		store, err := login.Open(sys)
		if err != nil {
			return err
		}
		saved, err := store.Save(cmd.Context(), l)
		if err != nil {
			return err
		}
		if saved.Note != "" {
			p.say("%s", saved.Note)
		}
		if saved.Replaced != "" {
			p.say("it was called %s before, and is called %s now", saved.Replaced, l.Account.Name())
		}
		a := l.Account
		fmt.Fprintf(p.out, "Logged in as %s to %s (%s)\n", report.Plain(a.Username), a.InstanceURL, a.OrgID)
		p.say("Next:  ecactl doctor --target-org %s", a.Name())
		return nil
	}
	f.add(cmd)
	return cmd
}

func (p *program) newLogin() *cobra.Command {
	web := p.newLoginWeb()
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Log in to an org",
		Long: `Log in to an org. Without a way it is web. An org that sf knows needs no login:
--target-org takes its alias. For one run, SF_ORG_INSTANCE_URL and SF_ACCESS_TOKEN
in the environment do.

Secrets are never given as flags: they are read from files, from the environment,
or asked for. They are kept in the keyring of the system, or else in a file that
you alone can read.`,
		Example: `  ecactl login --alias prod
  ecactl login --sandbox --alias uat
  ecactl login jwt --username ci@example.com --client-id KEY --key-file ci.key --alias ci`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: web.RunE,
	}
	cmd.Flags().AddFlagSet(web.Flags())
	cmd.AddCommand(p.newLoginWeb(), p.newLoginJWT(), p.newLoginClientCredentials(), p.newLoginURL(), p.newLoginToken())
	return cmd
}

func (p *program) newLoginWeb() *cobra.Command {
	var f loginFlags
	var noBrowser bool
	var port int
	cmd := p.way(&f, &cobra.Command{
		Use: "web", Short: "Log in with a browser",
		Long: `Log in with a browser: the web server flow with PKCE, and a callback on a port of
this machine. --no-browser prints the page to open instead.`,
		Example: "  ecactl login web --alias prod\n  ecactl login web --instance-url https://example--uat.sandbox.my.salesforce.com --alias uat",
	}, func(ctx context.Context, sys login.System) (*login.Login, error) {
		at, err := f.loginURL()
		if err != nil {
			return nil, err
		}
		key, err := p.readSecret(f.secret, "ECACTL_CLIENT_SECRET", "")
		if err != nil {
			return nil, err
		}
		return login.Web(ctx, sys, login.WebOptions{
			Alias: f.alias, ClientID: f.clientID, ClientSecret: key, LoginURL: at, Port: port, NoBrowser: noBrowser,
			Show: func(page string) { fmt.Fprintf(p.errOut, "Open this page:\n  %s\n", page) },
		})
	})
	f.host(cmd)
	cmd.Flags().StringVar(&f.clientID, "client-id", "", "consumer `KEY` of an app of your own (default sf's)")
	cmd.Flags().StringVar(&f.secret, "client-secret-file", "", "`FILE` with its consumer secret, if it needs one; ECACTL_CLIENT_SECRET does the same")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "print the page to open")
	cmd.Flags().IntVar(&port, "port", login.DefaultPort, "listen for the browser on this `PORT`")
	return cmd
}

func (p *program) newLoginJWT() *cobra.Command {
	var f loginFlags
	var o login.JWTOptions
	cmd := p.way(&f, &cobra.Command{
		Use: "jwt", Short: "Log in with a certificate, for CI",
		Long: `Log in by the JWT bearer flow: nobody has to be there. The app needs the
certificate of the key, the refresh_token scope, and users that an admin approved.`,
		Example: "  ecactl login jwt --username ci@example.com --client-id KEY --key-file ci.key --alias prod",
	}, func(ctx context.Context, sys login.System) (_ *login.Login, err error) {
		if o.LoginURL, err = f.loginURL(); err != nil {
			return nil, err
		}
		if o.Username == "" || f.clientID == "" || o.KeyFile == "" {
			return nil, usagef("", "jwt needs --username, --client-id and --key-file")
		}
		o.Alias, o.ClientID = f.alias, f.clientID
		if info, err := os.Stat(o.KeyFile); err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			p.say("others can read %s, which has the mode %04o; chmod 600", o.KeyFile, info.Mode().Perm())
		}
		return login.JWT(ctx, sys, o)
	})
	f.host(cmd)
	cmd.Flags().StringVar(&o.Username, "username", "", "`USERNAME` to log in as")
	cmd.Flags().StringVar(&f.clientID, "client-id", "", "consumer `KEY` of the app")
	cmd.Flags().StringVar(&o.KeyFile, "key-file", "", "`FILE` with the private key, in PEM")
	cmd.Flags().StringVar(&o.Audience, "audience", "", "audience `URL` of the JWT (default that of the kind of org)")
	return cmd
}

func (p *program) newLoginClientCredentials() *cobra.Command {
	var f loginFlags
	cmd := p.way(&f, &cobra.Command{
		Use: "client-credentials", Short: "Log in as an app's run-as user",
		Long: `Log in by the client credentials flow, at the org's My Domain. The consumer secret
is read from a file, from ECACTL_CLIENT_SECRET or the standard input, or asked for.`,
		Example: "  ecactl login client-credentials --instance-url https://example.my.salesforce.com --client-id KEY --client-secret-file secret.txt",
	}, func(ctx context.Context, sys login.System) (*login.Login, error) {
		if f.instance == "" || f.clientID == "" {
			return nil, usagef("", "client-credentials needs --instance-url and --client-id")
		}
		key, err := p.readSecret(f.secret, "ECACTL_CLIENT_SECRET", "Consumer secret: ")
		if err != nil {
			return nil, err
		}
		return login.ClientCredentials(ctx, sys, login.ClientCredentialsOptions{Alias: f.alias, ClientID: f.clientID, Secret: key, InstanceURL: f.instance})
	})
	cmd.Flags().StringVar(&f.instance, "instance-url", "", "the org's My Domain `URL`")
	cmd.Flags().StringVar(&f.clientID, "client-id", "", "consumer `KEY` of the app")
	cmd.Flags().StringVar(&f.secret, "client-secret-file", "", "`FILE` with the consumer secret; - is the standard input")
	return cmd
}

func (p *program) newLoginURL() *cobra.Command {
	var f loginFlags
	cmd := p.way(&f, &cobra.Command{
		Use: "sfdx-url", Short: "Log in with an auth URL of sf",
		Long:    "Log in with an auth URL, as sf org auth show-sfdx-auth-url prints it, from a file or the standard input.",
		Example: "  ecactl login sfdx-url --url-file - --alias ci < auth-url.txt",
	}, func(ctx context.Context, sys login.System) (*login.Login, error) {
		u, err := p.readSecret(f.secret, "ECACTL_AUTH_URL", "Auth URL: ")
		if err != nil {
			return nil, err
		}
		return login.AuthURL(ctx, sys, f.alias, u)
	})
	cmd.Flags().StringVar(&f.secret, "url-file", "", "`FILE` with the URL; - is the standard input")
	return cmd
}

func (p *program) newLoginToken() *cobra.Command {
	var f loginFlags
	cmd := p.way(&f, &cobra.Command{
		Use: "access-token", Short: "Log in with an access token from elsewhere",
		Long: `Log in with an access token, from a file, from SF_ACCESS_TOKEN or the standard
input. It cannot be renewed.`,
		Example: "  ecactl login access-token --instance-url https://example.my.salesforce.com --token-file token.txt",
	}, func(ctx context.Context, sys login.System) (*login.Login, error) {
		at := f.instance
		if at == "" {
			at, _ = p.host.LookupEnv("SF_ORG_INSTANCE_URL")
		}
		if at == "" {
			return nil, usagef("", "access-token needs --instance-url")
		}
		token, err := p.readSecret(f.secret, "SF_ACCESS_TOKEN", "Access token: ")
		if err != nil {
			return nil, err
		}
		return login.Token(ctx, sys, f.alias, at, token)
	})
	cmd.Flags().StringVar(&f.instance, "instance-url", "", "the org's `URL` (default SF_ORG_INSTANCE_URL)")
	cmd.Flags().StringVar(&f.secret, "token-file", "", "`FILE` with the token; - is the standard input")
	return cmd
}

// maxSecret bounds what is read as a secret.
const maxSecret = 64 << 10

// readSecret reads a secret from a file, the environment, or, with a question,
// from the standard input: from somebody, if it is a terminal.
func (p *program) readSecret(file, variable, question string) (secret.String, error) {
	value, _ := p.host.LookupEnv(variable)
	switch {
	case file == "-":
		data, err := io.ReadAll(io.LimitReader(p.in, maxSecret))
		if err != nil {
			return secret.String{}, fmt.Errorf("reading the standard input: %w", err)
		}
		value = string(data)
	case file != "":
		data, err := readBounded(file, maxSecret)
		if err != nil {
			return secret.String{}, err
		}
		value = string(data)
	case value == "" && question != "" && !isTerminal(p.in):
		data, err := io.ReadAll(io.LimitReader(p.in, maxSecret))
		if err != nil {
			return secret.String{}, fmt.Errorf("reading the standard input: %w", err)
		}
		value = string(data)
	case value == "" && question != "" && p.interactive():
		var err error
		if value, err = p.ask(question); err != nil {
			return secret.String{}, err
		}
	}
	s := secret.New(strings.TrimSpace(value))
	p.redactor.Add(s)
	if s.IsZero() && question != "" {
		return s, usagef("", "the secret is neither in a file, nor in %s, nor in the standard input, and nobody can be asked for it", variable)
	}
	return s, nil
}

// ask reads a secret from the terminal, which does not show it.
func (p *program) ask(question string) (string, error) {
	fmt.Fprint(p.errOut, question)
	_ = p.redactor.Flush() // the question has to be seen before it is answered
	f, ok := p.in.(interface{ Fd() uintptr })
	if !ok {
		return "", usagef("", "the standard input is no terminal")
	}
	data, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.errOut)
	if err != nil {
		return "", fmt.Errorf("reading the terminal: %w", err)
	}
	return string(data), nil
}
