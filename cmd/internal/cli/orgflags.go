package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
)

// orgFlags are the flags of every command that speaks to an org.
type orgFlags struct {
	target    string
	transport string
	caFile    string
	timeout   time.Duration
}

func (f *orgFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.target, "target-org", "", "alias or username of the `ORG`, of ecactl login or of sf (default: SF_TARGET_ORG, or SF_ORG_INSTANCE_URL with SF_ACCESS_TOKEN)")
	fl.StringVar(&f.transport, "transport", "rest", "deploy over `rest` or soap")
	fl.StringVar(&f.caFile, "ca-file", "", "trust the certificates in `FILE`, in PEM, as well")
	fl.DurationVar(&f.timeout, "timeout", 0, "give one request up after `DURATION`, such as 30s; a deploy's zip has five times that (default 2m)")
	_ = cmd.RegisterFlagCompletionFunc("target-org", completeOrgs)                                                                        // the flags exist
	_ = cmd.RegisterFlagCompletionFunc("transport", cobra.FixedCompletions([]string{"rest", "soap"}, cobra.ShellCompDirectiveNoFileComp)) // as above
}

// again is what a command to go on with needs of the flags.
func (f *orgFlags) again() string {
	if f.target == "" {
		return ""
	}
	return " --target-org " + f.target
}

// system is what package login sees of this machine.
func (p *program) system(f *orgFlags) (login.System, error) {
	client, err := httpClient(f.caFile)
	if err != nil {
		return login.System{}, err
	}
	return login.System{LookupEnv: p.host.LookupEnv, Now: p.host.Now, Sleep: p.host.Sleep, HTTP: client}, nil
}

// httpClient trusts a file of certificates beside those of the system.
func httpClient(caFile string) (*http.Client, error) {
	if caFile == "" {
		return nil, nil
	}
	data, err := readBounded(caFile, 4<<20)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, &diag.Problem{Pos: diag.Pos{File: caFile}, Code: "ECA528", Message: "no certificate in it", Hint: "it has to be PEM: -----BEGIN CERTIFICATE-----"}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport}, nil
}

// connect finds the login of the org that is meant, and makes a client of it.
func (p *program) connect(ctx context.Context, f *orgFlags, version metadata.Version) (*org.Client, org.Session, error) {
	if f.timeout < 0 {
		return nil, org.Session{}, usagef("", "--timeout %s: it is a time such as 30s", f.timeout)
	}
	if f.transport != "rest" && f.transport != "soap" {
		return nil, org.Session{}, usagef(diag.DidYouMean(f.transport, []string{"rest", "soap"}), "unknown transport %q (rest, soap)", f.transport)
	}
	sys, err := p.system(f)
	if err != nil {
		return nil, org.Session{}, err
	}
	store, err := login.Open(sys)
	if err != nil {
		return nil, org.Session{}, err
	}
	session, err := store.Session(ctx, f.target)
	if err != nil {
		return nil, org.Session{}, err
	}
	p.redactor.Add(session.Token)
	client, err := org.New(org.Config{
		Session: session, APIVersion: version, HTTP: sys.HTTP, Sleep: p.host.Sleep, Transport: f.transport, Timeout: f.timeout, Log: p.logger(),
	})
	return client, session, err
}

// almostUsedUp is the share of the day's API requests, in percent, from which on
// it is remarked upon.
const almostUsedUp = 80

// remarkOnUsage warns of an org that has few API requests left.
func (p *program) remarkOnUsage(c *org.Client) {
	if used, limit, ok := c.Usage(); ok && used*100 >= limit*almostUsedUp {
		p.say("the org has used %d of its %d API requests of the day", used, limit)
	}
}

// logger writes a line for every request under --verbose.
func (p *program) logger() func(event string, attrs ...any) {
	if !p.verbose {
		return nil
	}
	return func(event string, attrs ...any) {
		var line strings.Builder
		line.WriteString(event)
		for i := 0; i+1 < len(attrs); i += 2 {
			line.WriteString(fmt.Sprintf(" %v=%v", attrs[i], attrs[i+1]))
		}
		fmt.Fprintln(p.errOut, line.String())
	}
}

// completeOrgs lists aliases from files; it asks no network.
func completeOrgs(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	store, err := login.Open(login.System{LookupEnv: os.LookupEnv, Now: time.Now})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return store.Names(), cobra.ShellCompDirectiveNoFileComp
}

// versionFlag reads --api-version where there is no spec to say it.
func versionFlag(s string) (metadata.Version, error) {
	if s == "" {
		return metadata.DefaultVersion, nil
	}
	v, err := metadata.ParseVersion(s)
	newest := metadata.Schema().Newest()
	if err != nil || v < metadata.OldestVersion || v > newest {
		return 0, usagef("", "--api-version %s: ecactl speaks %s to %s", s, metadata.OldestVersion, newest)
	}
	return v, nil
}

// readBounded reads a file of at most so many bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	fail := func(message string, err error) error {
		return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA231", Message: message, Err: err}
	}
	f, err := os.Open(name)
	if err != nil {
		if p, ok := errors.AsType[*os.PathError](err); ok {
			err = p.Err
		}
		return nil, fail("cannot be read: "+err.Error(), err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fail("is a folder", nil)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fail("cannot be read: "+err.Error(), err)
	case int64(len(data)) > limit:
		size := fmt.Sprintf("%d MB", limit>>20)
		if limit < 1<<20 {
			size = fmt.Sprintf("%d kB", limit>>10)
		}
		return nil, fail("is larger than "+size, nil)
	}
	return data, nil
}
