package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate/verify"
)

// verifyFlags are the flags of migrate verify.
type verifyFlags struct {
	outputs
	orgFlags
	specFlags
	clientID, clientSecret        string
	staged                        bool
	username, password            string
	keyFile, audience             string
	refusedUser, refusedPassword  string
	subject, subjectType, handler string
	site, callback                string
	noBrowser, failOnSkipped      bool
}

func (p *program) newMigrateVerify() *cobra.Command {
	f := verifyFlags{outputs: outputs{more: []string{"junit"}}}
	cmd := &cobra.Command{
		Use:   "verify SPEC... --target-org ORG",
		Short: "Prove that an app works, flow by flow",
		Long: `Go through every OAuth flow that a spec enables, as a client would: get in, use the
instance_url, compare the granted scopes, and try what has to be refused: no PKCE,
no secret, an old refresh token, another key, a user without permission. Policies
are read back from the org. All tokens are revoked in the end, whatever happens.

Key and secret are read from the org, or given: --client-id, and the secret from a
file, ECACTL_CLIENT_SECRET or the standard input. --staged takes the pair that
waits to be promoted.

Where a person is needed a browser is opened, if the app has a callback on this
machine; else the page is printed, and the address to which it leads is asked for.
What cannot be seen without a person, a secret or a user is skipped and never
passed. The exit code is 2 if a check fails.`,
		Example: `  ecactl migrate verify Order_Sync.yaml --target-org uat
  ecactl migrate verify Order_Sync.yaml --target-org uat --key-file ci.key --username ci@example.com -o junit=verify.xml
  ecactl migrate verify Order_Sync.yaml --target-org prod --staged --no-input`,
		Args: atLeast(1, "a spec"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.migrateVerify(cmd.Context(), &f, args) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	f.specFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.clientID, "client-id", "", "consumer `KEY` of the app (default: read from the org)")
	fl.StringVar(&f.clientSecret, "client-secret-file", "", "`FILE` with its consumer secret; - is the standard input, and ECACTL_CLIENT_SECRET does the same (default: read from the org)")
	fl.BoolVar(&f.staged, "staged", false, "verify the pair that waits to be promoted")
	fl.StringVar(&f.username, "username", "", "`USERNAME` for the JWT bearer and the code and credentials flow")
	fl.StringVar(&f.password, "password-file", "", "`FILE` with the user's password, for the code and credentials flow; ECACTL_PASSWORD does the same")
	fl.StringVar(&f.keyFile, "key-file", "", "`FILE` with the private key, in PEM, for the JWT bearer flow")
	fl.StringVar(&f.audience, "audience", "", "audience `URL` of the JWT (default that of the org)")
	fl.StringVar(&f.refusedUser, "refused-user", "", "`USERNAME` of somebody whom the app has to refuse")
	fl.StringVar(&f.refusedPassword, "refused-password-file", "", "`FILE` with the password of that user; ECACTL_REFUSED_PASSWORD does the same")
	fl.StringVar(&f.subject, "subject-token-file", "", "`FILE` with a token of the identity provider, for the token exchange; ECACTL_SUBJECT_TOKEN does the same")
	fl.StringVar(&f.subjectType, "subject-token-type", "", "its `TYPE` (default urn:ietf:params:oauth:token-type:access_token)")
	fl.StringVar(&f.handler, "token-handler", "", "API `NAME` of the token exchange handler (default: the app's default one)")
	fl.StringVar(&f.site, "site-url", "", "`URL` of the Experience Cloud site of the code and credentials flow (default: the org)")
	fl.StringVar(&f.callback, "callback", "", "use this `URL` of the app's callbacks (default: one on this machine, else the first)")
	fl.BoolVar(&f.noBrowser, "no-browser", false, "print pages to be opened, and ask for the address to which they lead")
	fl.BoolVar(&f.failOnSkipped, "fail-on-skipped", false, "exit with 2 if a check was skipped, too")
	return cmd
}

func (p *program) migrateVerify(ctx context.Context, f *verifyFlags, args []string) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	so, err := p.specOptions(&f.specFlags)
	if err != nil {
		return err
	}
	built, err := p.buildSpecs(args, so)
	if err != nil {
		return err
	}
	apps, version := appsOf(built)
	switch {
	case len(apps) == 0:
		return &diag.Problem{Code: "ECA733", Message: "none of the specs describes an app with OAuth", Hint: "name a spec that has oauth"}
	case f.clientID != "" && len(apps) > 1:
		return usagef("", "--client-id is of one app, and there are %d", len(apps))
	case f.staged && f.clientID != "":
		return usagef("", "--staged reads the staged pair of the org, and --client-id names another")
	}
	given, err := p.verifySecrets(f)
	if err != nil {
		return err
	}
	client, session, err := p.connect(ctx, &f.orgFlags, version)
	if err != nil {
		return err
	}
	r := &verifyReport{SchemaVersion: 1, Tool: thisTool(), GeneratedAt: p.host.Now().UTC().Truncate(time.Second), Org: verifyOrg{session.OrgID, session.InstanceURL, session.Username}, Apps: []*verify.App{}}
	for _, b := range apps {
		app, err := p.verifyOne(ctx, f, b, given, client, session)
		if err != nil {
			if app != nil {
				p.sayGivenBack(app)
			}
			return err
		}
		r.Apps = append(r.Apps, app)
	}
	r.Summary = verify.Summarize(r.Apps)
	p.clearStage()
	if err := p.print(targets, r.document()); err != nil {
		return err
	}
	if r.Summary.Failed > 0 || f.failOnSkipped && r.Summary.Skipped > 0 {
		return findings{}
	}
	return nil
}

// appsOf are the specs with flows, and the version that can read all of them.
func appsOf(built []*spec.Built) ([]*spec.Built, metadata.Version) {
	version := max(metadata.DefaultVersion, credentialsVersion)
	var apps []*spec.Built
	for _, b := range built {
		if verify.HasOAuth(b) {
			apps = append(apps, b)
			version = max(version, b.Version())
		}
	}
	return apps, version
}

// verifySecrets reads the secrets that were given.
func (p *program) verifySecrets(f *verifyFlags) (verify.Options, error) {
	var o verify.Options
	for _, s := range []struct {
		into           *secret.String
		file, variable string
	}{
		{&o.Secret, f.clientSecret, "ECACTL_CLIENT_SECRET"}, {&o.Password, f.password, "ECACTL_PASSWORD"},
		{&o.RefusedPassword, f.refusedPassword, "ECACTL_REFUSED_PASSWORD"}, {&o.SubjectToken, f.subject, "ECACTL_SUBJECT_TOKEN"},
	} {
		v, err := p.readSecret(s.file, s.variable, "")
		if err != nil {
			return o, err
		}
		*s.into = v
	}
	o.ClientID, o.Staged, o.Username, o.KeyFile, o.Audience, o.RefusedUser = f.clientID, f.staged, f.username, f.keyFile, f.audience, f.refusedUser
	o.SubjectType, o.Handler, o.Callback = f.subjectType, f.handler, f.callback
	return o, nil
}

// verifyOne verifies one app.
func (p *program) verifyOne(ctx context.Context, f *verifyFlags, b *spec.Built, o verify.Options, client *org.Client, session org.Session) (*verify.App, error) {
	sys, err := p.system(&f.orgFlags)
	if err != nil {
		return nil, err
	}
	if o.Actual, err = verify.Read(ctx, client, b); err != nil {
		return nil, err
	}
	if o.ClientID == "" {
		pair, err := verify.PairOf(ctx, client, o.Actual, b.Spec.Name, f.staged)
		if err != nil {
			return nil, err
		}
		o.ClientID, o.SecretWhy = pair.ClientID, pair.SecretWhy
		if o.Secret.IsZero() {
			o.Secret = pair.Secret
		}
		p.redactor.Add(o.Secret)
	}
	if o.Endpoint, err = sys.Endpoint(session.InstanceURL); err != nil {
		return nil, err
	}
	if f.site != "" {
		if o.Site, err = sys.Endpoint(f.site); err != nil {
			return nil, err
		}
	}
	o.Built, o.Session, o.System, o.Learned, o.Progress = b, session, sys, p.redactor.Add, p.stage()
	if p.interactive() {
		o.Ask = p.askInBrowser(sys, f.noBrowser)
	}
	return verify.Run(ctx, o)
}

// sayGivenBack tells, of a run that was ended early, what became of its tokens.
func (p *program) sayGivenBack(app *verify.App) {
	p.clearStage()
	if app.Revoked > 0 {
		p.say("%d token(s) were obtained, and are revoked", app.Revoked)
	}
	for _, left := range app.Left {
		p.say("not revoked: %s", left)
	}
}
