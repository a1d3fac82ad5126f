package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// What GitHub takes of a SARIF file: runs, and results in each.
const (
	maxRuns    = 20
	maxResults = 25_000
)

const home = "https://github.com/ecactl/ecactl"

// severities are GitHub's numbers for the levels: high, medium and low.
var severities = map[diag.Level]string{diag.Error: "8.0", diag.Warning: "5.0", diag.Note: "2.0"}

// SARIF writes a report in the Static Analysis Results Interchange Format 2.1.0,
// a run for each org. A finding on a file points at its line; one on an org at the
// snapshot's file, or by name where there is none.
func SARIF(w io.Writer, r *migrate.Report) error {
	doc := sarif.NewReport()
	doc.InlineExternalProperties = nil
	if len(r.Orgs) > maxRuns || len(r.Orgs) == 0 {
		doc.AddRun(sarifRun(r, nil))
	} else {
		for i := range r.Orgs {
			doc.AddRun(sarifRun(r, &r.Orgs[i]))
		}
	}
	var out bytes.Buffer
	if err := doc.PrettyWrite(&out); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	if !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		out.WriteByte('\n')
	}
	_, err := w.Write(out.Bytes())
	return err
}

// located is a finding with the app, or the org, that it is about.
type located struct {
	finding         *migrate.FindingReport
	org, kind, name string
	file            string
}

// findingsOf lists the findings of an org, or of all orgs, errors first.
func findingsOf(r *migrate.Report, org *migrate.Org) []located {
	var list []located
	for i := range r.Orgs {
		o := &r.Orgs[i]
		if org != nil && o != org {
			continue
		}
		for j := range o.Findings {
			list = append(list, located{&o.Findings[j], o.ID, migrate.KindOrg, o.Title(), ""})
		}
	}
	for i := range r.Apps {
		a := &r.Apps[i]
		if org != nil && a.Org != org.ID {
			continue
		}
		for j := range a.Findings {
			list = append(list, located{&a.Findings[j], a.Org, a.Kind, a.Name, a.File})
		}
	}
	slices.SortStableFunc(list, func(a, b located) int { return cmp.Compare(a.finding.Level, b.finding.Level) })
	return list
}

func sarifRun(r *migrate.Report, org *migrate.Org) *sarif.Run {
	run := sarif.NewRunWithInformationURI("ecactl", home)
	run.Tool.Driver.WithVersion(r.Tool.Version).WithSemanticVersion(r.Tool.Rules)
	run.Results = []*sarif.Result{} // a run without findings has none, and not null
	if org != nil {
		run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("ecactl/" + Plain(cmp.Or(org.ID, org.Title())) + "/"))
	}
	list := findingsOf(r, org)
	list = list[:min(len(list), maxResults)]
	var ids []string
	for _, l := range list {
		if !slices.Contains(ids, l.finding.Rule) {
			ids = append(ids, l.finding.Rule)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		describeRule(run, id)
	}
	counts := map[string]int{}
	snapshots := map[string]string{}
	for i := range r.Orgs {
		if o := &r.Orgs[i]; o.Snapshot != "" {
			snapshots[o.ID] = path.Join(o.Snapshot, migrate.SnapshotFile)
		}
	}
	for _, l := range list {
		l.file = cmp.Or(l.file, snapshots[l.org]) // what no file tells of is in the snapshot's records
		run.AddResult(sarifResult(l, slices.Index(ids, l.finding.Rule), counts))
	}
	return run
}

func describeRule(run *sarif.Run, id string) {
	d := run.AddRule(id)
	rule := migrate.FindRule(id)
	if rule == nil {
		return // of another version of the rules
	}
	text := func(s string) *sarif.MultiformatMessageString {
		return sarif.NewMultiformatMessageString().WithText(s)
	}
	tags := []string{"salesforce", "connected-app"}
	if rule.Benchmark != "" {
		tags = append(tags, rule.Benchmark)
	}
	properties := sarif.NewPropertyBag()
	properties.Add("security-severity", severities[rule.Level])
	properties.Tags = tags
	d.WithName(strings.ReplaceAll(id, "-", "")).WithShortDescription(text(rule.Title)).WithFullDescription(text(rule.Why)).
		WithHelp(text(rule.Fix + ". Source: " + rule.Source).WithMarkdown(Markdown(rule.Fix) + ".\n\nSource: " + Markdown(rule.Source))).
		WithHelpURI(home + "/blob/main/docs/reference/rules.md#" + strings.ToLower(id)).
		WithProperties(properties)
	d.DefaultConfiguration = sarif.NewReportingConfiguration()
	d.DefaultConfiguration.Level, d.DefaultConfiguration.Enabled = rule.Level.String(), true
}

func sarifResult(l located, index int, counts map[string]int) *sarif.Result {
	f := l.finding
	res := sarif.NewRuleResult(f.Rule).WithRuleIndex(index).WithLevel(f.Level.String())
	res.WithMessage(sarif.NewTextMessage(Plain(l.name) + ": " + Plain(f.Message) + ". " + Plain(f.Fix)))
	location := sarif.NewLocation()
	if file := cmp.Or(f.Evidence["file"], l.file); file != "" {
		location.WithPhysicalLocation(physical(file, f.Evidence))
	}
	location.AddLogicalLocation(sarif.NewLogicalLocation().WithName(Plain(l.name)).WithKind(l.kind).WithFullyQualifiedName(Plain(cmp.Or(l.org, "files") + "/" + l.kind + "/" + l.name)))
	res.AddLocation(location)
	// Lines and counts move; what stays is the rule, the app, and which of them it is.
	same := strings.Join([]string{f.Rule, l.org, l.kind, l.name, f.Evidence["element"]}, "\x1f")
	counts[same]++
	sum := sha256.Sum256([]byte(same + "\x1f" + strconv.Itoa(counts[same])))
	res.WithPartialFingerprints(map[string]string{"ecactl/v1": hex.EncodeToString(sum[:])})
	properties := sarif.NewPropertyBag()
	for k, v := range f.Evidence {
		if k != "file" && k != "line" && k != "column" {
			properties.Add(k, PlainLines(v))
		}
	}
	if f.Due != nil {
		properties.Add("due", *f.Due)
	}
	res.WithProperties(properties)
	if f.Suppressed != nil {
		res.AddSuppression(sarif.NewSuppression().WithKind("external").WithJustification(PlainLines(*f.Suppressed)))
	}
	return res
}

// physical is a place in a file. Paths are relative to the repository unless they
// lead out of it.
func physical(file string, evidence map[string]string) *sarif.PhysicalLocation {
	at := func(key string) int {
		n, err := strconv.Atoi(evidence[key])
		if err != nil || n < 1 {
			return 1
		}
		return n
	}
	line := at("line")
	region := sarif.NewRegion().WithStartLine(line).WithStartColumn(at("column"))
	artifact := sarif.NewArtifactLocation()
	name := filepath.ToSlash(Plain(file))
	if filepath.IsAbs(file) || strings.HasPrefix(name, "/") {
		artifact.WithURI((&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(name, "/")}).String())
	} else {
		artifact.WithURI((&url.URL{Path: name}).String()).WithURIBaseID("%SRCROOT%")
	}
	return sarif.NewPhysicalLocation().WithArtifactLocation(artifact).WithRegion(region)
}
