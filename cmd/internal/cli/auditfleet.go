package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/fleet"
	"github.com/ecactl/ecactl/migrate/report"
)

// fleetFlags choose orgs.
type fleetFlags struct {
	file        string
	all         bool
	group       []string
	shard       string
	concurrency int
}

func (f *fleetFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.file, "fleet", "", "audit the orgs that `FILE` lists")
	fl.BoolVar(&f.all, "all", false, "audit every org that sf or ecactl login knows")
	fl.StringArrayVar(&f.group, "group", nil, "of a fleet, the orgs of this `GROUP`; several times if need be")
	fl.StringVar(&f.shard, "shard", "", "the part `I/N` of the orgs, such as 3/8; of /8 JOB_COMPLETION_INDEX is the part, from 0")
	fl.IntVar(&f.concurrency, "concurrency", 0, "read `N` orgs at a time (default what the fleet says, else 8)")
}

// members are the orgs that the flags choose.
func (p *program) members(f *auditFlags) ([]fleet.Member, int, error) {
	list, n, err := p.chosen(f)
	if err != nil {
		return nil, 0, err
	}
	if len(f.fleet.group) > 0 {
		var own []fleet.Member
		for _, m := range list {
			for _, g := range f.fleet.group {
				if m.Group == g {
					own = append(own, m)
				}
			}
		}
		if list = own; len(list) == 0 {
			return nil, 0, usagef("", "the fleet has no org of the group %v", f.fleet.group)
		}
	}
	if f.fleet.concurrency < 0 || f.fleet.concurrency > 100 {
		return nil, 0, usagef("", "--concurrency has to be a number from 1 to 100")
	}
	if f.fleet.concurrency > 0 {
		n = f.fleet.concurrency
	}
	shard := f.fleet.shard
	if index, ok := p.host.LookupEnv("JOB_COMPLETION_INDEX"); ok && len(shard) > 1 && shard[0] == '/' {
		i, err := strconv.Atoi(index)
		if err != nil {
			return nil, 0, usagef("", "JOB_COMPLETION_INDEX is %q, which is no number", index)
		}
		shard = strconv.Itoa(i+1) + shard
	}
	if shard != "" {
		i, of, err := fleet.ParseShard(shard)
		if err != nil {
			return nil, 0, usageError{err, "--shard 3/8 is the third of eight"}
		}
		list = fleet.Shard(list, i, of)
	}
	return list, n, nil
}

func (p *program) chosen(f *auditFlags) ([]fleet.Member, int, error) {
	if f.fleet.all {
		sys, err := p.system(&f.orgFlags)
		if err != nil {
			return nil, 0, err
		}
		store, err := login.Open(sys)
		if err != nil {
			return nil, 0, err
		}
		names, err := store.Known()
		if err != nil {
			return nil, 0, err
		}
		var list []fleet.Member
		for _, name := range names {
			list = append(list, fleet.Member{Alias: name})
		}
		if len(list) == 0 {
			return nil, 0, fmt.Errorf("%w: neither sf nor ecactl login knows an org", login.ErrNotLoggedIn)
		}
		return list, fleet.DefaultConcurrency, nil
	}
	src, err := readBounded(f.fleet.file, maxSettings)
	if err != nil {
		return nil, 0, err
	}
	read, problems := fleet.Read(f.fleet.file, src, p.host.Now())
	writeProblems(p.errOut, p.worthSaying(problems), map[string][]byte{f.fleet.file: src}, p.errTheme())
	if problems.Err() != nil {
		return nil, 0, failed{}
	}
	for i, m := range read.Orgs {
		if m.KeyFile != "" && !filepath.IsAbs(m.KeyFile) {
			read.Orgs[i].KeyFile = filepath.Join(filepath.Dir(f.fleet.file), m.KeyFile)
		}
	}
	return read.Orgs, read.Concurrency, nil
}

func (p *program) auditFleet(ctx context.Context, f *auditFlags, run *auditRun) error {
	members, concurrency, err := p.members(f)
	if err != nil {
		return err
	}
	sys, err := p.system(&f.orgFlags)
	if err != nil {
		return err
	}
	store, err := login.Open(sys)
	if err != nil {
		return err
	}
	done := 0
	o := fleet.Options{
		Concurrency: concurrency, Days: f.days, Audit: run.options,
		Connect: func(ctx context.Context, m fleet.Member) (*org.Client, error) {
			return p.connectMember(ctx, sys, store, m, f, run.version)
		},
		Done: func(m fleet.Member, r *migrate.Report, err error) {
			done++
			line := migrate.Plural(r.Summary.Apps, "app")
			if err != nil {
				line = "failed: " + r.Orgs[0].Error
			}
			p.say("%*d/%d  %s  %s", len(strconv.Itoa(len(members))), done, len(members), report.Plain(m.Alias), report.Plain(line))
		},
	}
	if f.snapshot != "" {
		o.Save = func(m fleet.Member, e *migrate.Evidence) error {
			return e.Save(filepath.Join(f.snapshot, folderName(m.Alias)), migrate.Tool{Name: "ecactl", Version: version(), Rules: migrate.RulesVersion})
		}
	}
	r, err := fleet.Audit(ctx, members, o)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		r.Tool, r.GeneratedAt = migrate.Tool{Name: "ecactl", Version: version(), Rules: migrate.RulesVersion}, run.options.Now.UTC()
	}
	return p.finishFleet(r, run)
}

// finishFleet prints a report of several orgs. That some of them could not be
// read goes before that there are findings.
func (p *program) finishFleet(r *migrate.Report, run *auditRun) error {
	err := p.finishAudit(r, run)
	if failing := fleet.Failed(r); len(failing) > 0 && (err == nil || err == error(findings{})) {
		p.say("%d of %s could not be read", len(failing), migrate.Plural(len(r.Orgs), "org"))
		return partly{}
	}
	return err
}

// connectMember logs in as a fleet says, or takes the login that is there.
func (p *program) connectMember(ctx context.Context, sys login.System, store *login.Store, m fleet.Member, f *auditFlags, v metadata.Version) (*org.Client, error) {
	session, err := p.memberSession(ctx, sys, store, m)
	if err != nil {
		return nil, err
	}
	p.redactor.Add(session.Token)
	return org.New(org.Config{Session: session, APIVersion: v, HTTP: sys.HTTP, Sleep: p.host.Sleep, Timeout: f.timeout, Log: p.logger()})
}

func (p *program) memberSession(ctx context.Context, sys login.System, store *login.Store, m fleet.Member) (org.Session, error) {
	var l *login.Login
	var err error
	switch {
	case !m.LogsIn():
		return store.Session(ctx, m.Alias)
	case m.KeyFile != "":
		at := m.InstanceURL
		if at == "" {
			at = "https://login.salesforce.com"
		}
		l, err = login.JWT(ctx, sys, login.JWTOptions{Alias: m.Alias, Username: m.Username, ClientID: m.ClientID, KeyFile: m.KeyFile, LoginURL: at})
	default:
		value, ok := p.host.LookupEnv(m.ClientSecretEnv)
		if !ok || value == "" {
			return org.Session{}, &diag.Problem{Code: "ECA621", Message: "the variable " + m.ClientSecretEnv + " is not set", Hint: "put the consumer secret of " + m.Alias + " into it"}
		}
		given := secret.New(value)
		p.redactor.Add(given)
		l, err = login.ClientCredentials(ctx, sys, login.ClientCredentialsOptions{Alias: m.Alias, ClientID: m.ClientID, Secret: given, InstanceURL: m.InstanceURL})
	}
	if err != nil {
		return org.Session{}, err
	}
	return org.Session{InstanceURL: l.Account.InstanceURL, Token: l.Token, Alias: m.Alias, Username: l.Account.Username, OrgID: l.Account.OrgID}, nil
}

func (p *program) newAuditMerge() *cobra.Command {
	var f auditFlags
	f.more = sortedKeys(auditFormats(nil))
	cmd := &cobra.Command{
		Use:   "merge REPORT...",
		Short: "Put reports of audits together",
		Long: `Put JSON reports together: those of the shards of a fleet, or of several orgs. An
org that is in two reports is taken from the newer one. The exit code is 68 if an
org of theirs could not be read.`,
		Example: "  ecactl audit merge shard-*.json -o html=fleet.html -o table",
		Args:    atLeast(1, "a report"),
		RunE: func(_ *cobra.Command, args []string) error {
			run, err := p.prepare(&f)
			if err != nil {
				return err
			}
			reports := make([]*migrate.Report, len(args))
			for i, file := range args {
				if reports[i], err = readReport(file); err != nil {
					return err
				}
			}
			return p.finishFleet(migrate.Merge(reports), run)
		},
	}
	f.outputs.add(cmd)
	cmd.Flags().StringVar(&f.failOn, "fail-on", "", "exit with 2 if there is a finding of this `LEVEL` or worse: error, warning or note")
	f.days = defaultDays
	return cmd
}

// readReport reads a report that audit wrote as JSON.
func readReport(file string) (*migrate.Report, error) {
	data, err := readBounded(file, maxReport)
	if err != nil {
		return nil, err
	}
	var r migrate.Report
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), &r); err != nil {
		return nil, &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA603", Message: "is no report of ecactl audit -o json: " + err.Error(), Hint: "ecactl audit --target-org ORG -o json=FILE writes one"}
	}
	return &r, r.Check(file)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
