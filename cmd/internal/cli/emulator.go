package cli

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/migrate/report"
)

// emulatorReport is what emulator prints once it listens.
type emulatorReport struct {
	SchemaVersion int    `json:"schemaVersion"`
	Tool          tool   `json:"tool"`
	URL           string `json:"url"`
	AccessToken   string `json:"accessToken"`
	Username      string `json:"username"`
	OrgID         string `json:"orgId"`
}

func (p *program) newEmulator() *cobra.Command {
	var out outputs
	var c orgtest.Config
	var port int
	var faults []string
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Run an emulated org, to try everything without Salesforce",
		Long: `Run an org on a port of this machine: the Metadata API over SOAP and REST, queries,
OAuth and more, true enough for sf and jsforce. It checks deploys as an org does
and answers with its texts. Nothing in it is real; it ends with Ctrl-C.

--seed fills it from folders of metadata; a data.json in one holds records and
users. --state keeps it in a file. --fault breaks things on purpose, such as
  kind=503,path=/services/Soap/*,count=2     the first two SOAP calls
  kind=reset-after,op=deploy                 the answer to a deploy is lost`,
		Example: `  ecactl emulator --port 7777
  ecactl emulator --seed force-app --state org.json -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			for _, s := range faults {
				fault, err := orgtest.ParseFault(s)
				if err != nil {
					return usagef("ecactl emulator --help shows some", "--fault %s: %v", s, err)
				}
				c.Faults = append(c.Faults, fault)
			}
			if c.Latency < 0 {
				return usagef("", "--latency %s: an answer cannot come before its request", c.Latency)
			}
			if port < 0 || port > 65535 {
				return usagef("", "--port %d: a port is 0 to 65535; 0 takes any that is free", port)
			}
			c.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
			c.Now, c.OrgNumber = p.host.Now, orgtest.NumberOfPort
			if p.verbose {
				var mu sync.Mutex // requests arrive side by side
				c.Log = func(r orgtest.Request) {
					mu.Lock()
					defer mu.Unlock()
					fmt.Fprintln(p.errOut, r.Method, r.Path, r.Op)
				}
			}
			emulated, err := orgtest.Start(c)
			if err != nil {
				return err
			}
			defer emulated.Close() //nolint:errcheck // what it could not save it has said
			r := &emulatorReport{1, thisTool(), emulated.URL(), emulated.Token(), emulated.Username(), emulated.OrgID()}
			if err := p.print(targets, r.document()); err != nil {
				return err
			}
			if err := p.out.Flush(); err != nil {
				return err
			}
			<-cmd.Context().Done()
			return emulated.Close()
		},
	}
	out.add(cmd)
	f := cmd.Flags()
	f.IntVar(&port, "port", 7777, "listen on this `PORT`; 0 takes any that is free")
	f.StringArrayVar(&c.Seed, "seed", nil, "fill the org from a `DIR` of metadata, several times if need be")
	f.StringVar(&c.StateFile, "state", "", "keep the org in `FILE`")
	f.StringVar(&c.Kind, "kind", "developer", "production, sandbox, scratch or developer")
	f.StringArrayVar(&faults, "fault", nil, "break something on purpose: `SPEC`, several times if need be")
	f.DurationVar(&c.Latency, "latency", 0, "answer every request so much later")
	f.BoolVar(&c.AskLogin, "ask-login", false, "ask everybody on a page before an app is let in; without it nobody is asked")
	f.BoolVar(&c.AllowConnectedApps, "allow-connected-apps", false, "let Connected Apps be created, which orgs no longer do")
	return cmd
}

func (r *emulatorReport) document() document {
	text := func(w io.Writer) error {
		_, err := fmt.Fprintf(w, `An emulated org listens at %s; Ctrl-C ends it.

  export SF_ORG_INSTANCE_URL=%s
  export SF_ACCESS_TOKEN='%s'

  ecactl plan SPEC...                          in another terminal, with these two set
  sf project deploy start -d force-app -o "$SF_ACCESS_TOKEN"
`, r.URL, r.URL, r.AccessToken)
		return err
	}
	return document{data: r, table: func(w io.Writer, _ report.Theme) error { return text(w) }, markdown: text}
}
