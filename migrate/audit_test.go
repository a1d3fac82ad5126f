package migrate_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// A file that cannot be read is an app of which no more is known; the others are
// still audited.
func TestUnreadable(t *testing.T) {
	tests := map[string]struct{ text, code, message string }{
		"empty":      {"\n", "ECA201", "the file is empty"},
		"cut off":    {`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ConnectedApp xmlns="` + metadata.Namespace + `">` + "\n    <label>Bro", "ECA202", "the file ends inside <label>, which opens on line 3"},
		"binary":     {"PK\x03\x04\x14\x00\x08\x00", "ECA208", "the file holds a NUL byte, so it is not text"},
		"latin 1":    {"<?xml version=\"1.0\"?><ConnectedApp xmlns=\"" + metadata.Namespace + "\"><label>M\xfcller</label></ConnectedApp>", "ECA208", "the file is not UTF-8"},
		"UTF-16":     {"\xff\xfe<\x00?\x00", "ECA208", "the file is UTF-16"},
		"other page": {"<!DOCTYPE html><html></html>", "ECA204", "a document type declaration"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, append(oauth("<isPkceRequired>false</isPkceRequired>"), migrate.ExampleFile{Name: "A.eca"}))
			for _, file := range []string{"Broken.connectedApp-meta.xml", "Broken_ECA.eca"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(tt.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r := auditDir(t, dir)
			for kind, name := range map[string]string{migrate.KindConnectedApp: "Broken", migrate.KindECA: "Broken_ECA"} {
				a := app(t, r, kind, name)
				if a.Verdict != migrate.VerdictUnknown || a.Route != migrate.RouteNone {
					t.Errorf("%s is %s, %s", name, a.Verdict, a.Route)
				}
				if len(a.Findings) != 1 || a.Findings[0].Rule != "CA-READ-001" || a.Findings[0].Level != diag.Error || a.Findings[0].Message != tt.message {
					t.Fatalf("%s has %+v", name, a.Findings)
				}
				evidence := a.Findings[0].Evidence
				if evidence["code"] != tt.code || !strings.HasPrefix(evidence["file"], filepath.Join(dir, name+".")) {
					t.Errorf("the evidence is %v", evidence)
				}
				if open := slices.Contains(a.Unknown, "username-password use"); open != (kind == migrate.KindConnectedApp) {
					t.Errorf("%s: unknown is %v", name, a.Unknown)
				}
			}
			if a := app(t, r, migrate.KindConnectedApp, "Order_Sync"); a.Verdict != migrate.VerdictEligible || answers(r, "CA-SEC-010") == "" {
				t.Errorf("another app is not audited: %+v", a)
			}
			if s := r.Orgs[0].Sources[2]; s.State != migrate.SourceDenied || s.Rows != 2 || s.Note != "2 file(s) could not be read" {
				t.Errorf("the sources say %+v", s)
			}
		})
	}
}

// An app of which another file could be read is listed once, with what that
// file says.
func TestUnreadableInPart(t *testing.T) {
	const broken = `<?xml version="1.0"?><`
	tests := map[string]struct {
		files migrate.Example
		want  map[string]string
	}{
		"header": {
			append(eca("ecaGlblOauth", "<isPkceRequired>false</isPkceRequired>")[1:], migrate.ExampleFile{Name: "Order_Sync.eca", XML: broken}),
			map[string]string{"ExternalClientApp Order_Sync": "migrated done, CA-READ-001 CA-SEC-010"},
		},
		"header, and the app before it": {
			append(connected(""), migrate.ExampleFile{Name: "Order_Sync.eca", XML: broken}),
			map[string]string{"ConnectedApp Order_Sync": "migrated done, CA-ELIG-011 CA-ELIG-017", "ExternalClientApp Order_Sync": "unknown none, CA-READ-001"},
		},
		"satellite": {
			append(eca(), migrate.ExampleFile{Name: "Order_Sync_oauth.ecaOauth", XML: broken}),
			map[string]string{"ExternalClientApp Order_Sync": "migrated done, "},
		},
		"satellite alone": {migrate.Example{{Name: "Order_Sync_oauth.ecaOauth", XML: broken}}, map[string]string{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for _, a := range audit(t, tt.files).Apps {
				got[a.Kind+" "+a.Name] += string(a.Verdict) + " " + string(a.Route) + ", " + strings.Join(ruleIDs(a, "CA-SEC-061", "CA-OWN-001", "CA-OWN-002", "CA-FLOW-007"), " ")
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// One of two copies of a file is broken: which of them is the app's, somebody
// has to say.
func TestUnreadableCopy(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, oauth(""))
	if err := os.WriteFile(filepath.Join(dir, "Order_Sync.connectedApp"), []byte("<"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := auditDir(t, dir)
	if len(r.Apps) != 1 || r.Apps[0].Verdict != migrate.VerdictUnknown || r.Apps[0].Route != migrate.RouteButton {
		t.Errorf("got %+v", r.Apps)
	}
}

// ruleIDs are the rules with findings about an app, sorted and each once.
func ruleIDs(a migrate.AppReport, without ...string) []string {
	var ids []string
	for _, f := range a.Findings {
		if !slices.Contains(without, f.Rule) {
			ids = append(ids, f.Rule)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Whatever a file does with a secret, no report shows it.
func TestSecretsAreNeverShown(t *testing.T) {
	const secret = "4F9A0C37B1E8D25560AA"
	global := func(xml string) migrate.Example { return eca("ecaGlblOauth", xml) }
	tests := map[string]struct {
		files migrate.Example
		found bool
	}{
		"Connected App":       {oauth("<consumerSecret>" + secret + "</consumerSecret>"), true},
		"External Client App": {global("<consumerSecret>" + secret + "</consumerSecret>"), true},
		"blanks around":       {oauth("<consumerSecret>\n   " + secret + "\n  </consumerSecret>"), true},
		"in a comment":        {oauth("<!--<consumerSecret>" + secret + "</consumerSecret>-->"), false},
		"in a CDATA section":  {oauth("<consumerSecret><![CDATA[" + secret + "]]></consumerSecret>"), true},
		"behind an empty one": {oauth("<consumerSecret/><consumerSecret>" + secret + "</consumerSecret>"), true},
		"behind a null one":   {oauth(`<consumerSecret xsi:nil="true"/><consumerSecret>` + secret + "</consumerSecret>"), true},
		"in an attribute":     {oauth(`<consumerSecret value="` + secret + `"/>`), false},
		"cut off in it":       {migrate.Example{{Name: "A.connectedApp", XML: "<?xml version=\"1.0\"?><ConnectedApp><oauthConfig><consumerSecret>" + secret}}, false},
		"closed by another":   {migrate.Example{{Name: "A.connectedApp", XML: "<?xml version=\"1.0\"?><ConnectedApp><oauthConfig><consumerSecret>" + secret + "</consumerKey></oauthConfig></ConnectedApp>"}}, false},
		"beside an element":   {migrate.Example{{Name: "A.connectedApp", XML: "<?xml version=\"1.0\"?><ConnectedApp><oauthConfig><consumerSecret>" + secret + "<x/></consumerSecret></oauthConfig></ConnectedApp>"}}, false},
		"as an entity":        {migrate.Example{{Name: "A.connectedApp", XML: "<?xml version=\"1.0\"?><ConnectedApp><oauthConfig><consumerSecret>&" + secret + ";</consumerSecret></oauthConfig></ConnectedApp>"}}, true},
		"variable":            {oauth("<consumerSecret>${" + secret + "}</consumerSecret>"), false},
		"template":            {oauth("<consumerSecret>{{ " + secret + " }}</consumerSecret>"), false},
		"token with at":       {oauth("<consumerSecret>@" + secret + "@</consumerSecret>"), false},
		"token with bars":     {global("<consumerSecret>__" + secret + "__</consumerSecret>"), false},
		"escaped token":       {global("<consumerSecret>&lt;" + secret + "&gt;</consumerSecret>"), false},
		"taken out":           {global("<consumerSecret>REDACTED_" + secret + "</consumerSecret>"), false},
		"null":                {oauth(`<consumerSecret xsi:nil="true">` + secret + "</consumerSecret>"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tt.files)
			r := auditDir(t, dir)
			if got := answers(r, "CA-SEC-070"); (got == "error: the file holds a consumer secret") != tt.found || !tt.found && got != "" {
				t.Errorf("got %q", got)
			}
			read, err := metadata.Schema().Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			shown := written(t, r)
			shown["problems"] = read.Problems.Error()
			for format, text := range shown {
				if strings.Contains(text, secret) {
					t.Errorf("%s shows the secret:\n%s", format, text)
				}
			}
		})
	}
}

// written is a report in every format.
func written(t *testing.T, r *migrate.Report) map[string]string {
	t.Helper()
	formats := map[string]func(*bytes.Buffer) error{
		"json":     func(b *bytes.Buffer) error { return report.JSON(b, r) },
		"table":    func(b *bytes.Buffer) error { return report.Table(b, r, report.Theme{}) },
		"colours":  func(b *bytes.Buffer) error { return report.Table(b, r, report.Theme{Colour: true}) },
		"markdown": func(b *bytes.Buffer) error { return report.MarkdownReport(b, r) },
	}
	texts := map[string]string{}
	for name, write := range formats {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		texts[name] = out.String()
	}
	return texts
}

// The same files give the same report, byte for byte, on however many cores.
func TestReportIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	var files migrate.Example
	for i := range 100 {
		name := string(rune('A'+i%26)) + "_" + strings.Repeat("x", 1+i/26)
		files = append(files, migrate.ExampleFile{Name: name + ".connectedApp", XML: "<oauthConfig><callbackUrl>https://a.example.com/cb\nhttp://b.example.com</callbackUrl><isPkceRequired>false</isPkceRequired></oauthConfig>"})
	}
	write(t, dir, files)
	reports := map[int]map[string]string{}
	for _, n := range []int{1, 8} {
		before := runtime.GOMAXPROCS(n)
		reports[n] = written(t, auditDir(t, dir))
		runtime.GOMAXPROCS(before)
	}
	for format, text := range reports[1] {
		if text != reports[8][format] {
			t.Errorf("%s differs between one core and eight", format)
		}
	}
}

func TestSummary(t *testing.T) {
	r := audit(t, append(oauth("<isPkceRequired>false</isPkceRequired>"), eca()...))
	levels := map[string]int{"error": 0, "warning": 0, "note": 0}
	for _, a := range r.Apps {
		for _, f := range a.Findings {
			levels[f.Level.String()]++
		}
	}
	if r.Summary.Apps != 2 || !maps.Equal(r.Summary.Levels, levels) {
		t.Errorf("got %+v, want %v", r.Summary, levels)
	}
	if want := map[migrate.Verdict]int{"eligible": 0, "fix-first": 0, "vendor": 0, "migrated": 2, "unknown": 0}; !maps.Equal(r.Summary.Verdicts, want) {
		t.Errorf("got %v, want %v", r.Summary.Verdicts, want)
	}
	if r.Apps[0].Findings == nil || r.Apps[1].Unknown == nil || r.Apps[0].Due != nil || r.Apps[0].Activity != nil {
		t.Errorf("lists are never null, and what files cannot tell is: %+v", r.Apps)
	}
	if r.GeneratedAt != now || r.Tool != (migrate.Tool{Name: "ecactl", Version: "test", Rules: migrate.RulesVersion}) {
		t.Errorf("got %v, %+v", r.GeneratedAt, r.Tool)
	}
}

// Time is written in UTC and whole seconds, whatever clock was given.
func TestGeneratedAt(t *testing.T) {
	at := now.Add(999 * time.Millisecond).In(time.FixedZone("", 3*60*60))
	r := migrate.Audit(migrate.FromFiles(&metadata.Collection{}), migrate.Options{Now: at})
	if got := r.GeneratedAt.Format(time.RFC3339Nano); got != "2026-11-23T12:00:00Z" {
		t.Errorf("got %s", got)
	}
	if len(r.Apps) != 0 || r.Apps == nil {
		t.Errorf("apps is %v", r.Apps)
	}
}

// Findings come with the worst first, and point at where the fact stands.
func TestFindingsArePlaced(t *testing.T) {
	r := audit(t, migrate.Example{{Name: "A.connectedApp", XML: `<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="` + metadata.Namespace + `">
    <oauthConfig>
        <callbackUrl>http://a.example.com/cb</callbackUrl>
        <consumerSecret>x</consumerSecret>
        <isPkceRequired>false</isPkceRequired>
    </oauthConfig>
    <plugin>H</plugin>
</ConnectedApp>
`}})
	want := map[string]string{
		"CA-SEC-040":  "4 oauthConfig.callbackUrl",
		"CA-SEC-070":  "5 oauthConfig.consumerSecret",
		"CA-SEC-010":  "6 oauthConfig.isPkceRequired",
		"CA-SEC-013":  "2 oauthPolicy.refreshTokenPolicy", // not there: the root
		"CA-ELIG-006": "8 plugin",
	}
	worst := diag.Error
	for _, f := range r.Apps[0].Findings {
		if got := f.Evidence["line"] + " " + f.Evidence["element"]; want[f.Rule] != "" && got != want[f.Rule] {
			t.Errorf("%s points at %s, want %s", f.Rule, got, want[f.Rule])
		}
		if f.Level < worst {
			t.Errorf("%s comes too late", f.Rule)
		}
		worst = f.Level
		delete(want, f.Rule)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestWorst(t *testing.T) {
	reason := "accepted"
	finding := func(l diag.Level, suppressed bool) migrate.FindingReport {
		f := migrate.FindingReport{Level: l}
		if suppressed {
			f.Suppressed = &reason
		}
		return f
	}
	tests := map[string]struct {
		findings []migrate.FindingReport
		worst    diag.Level
		ok       bool
	}{
		"none":             {nil, diag.Note, false},
		"a note":           {[]migrate.FindingReport{finding(diag.Note, false)}, diag.Note, true},
		"worst in between": {[]migrate.FindingReport{finding(diag.Note, false), finding(diag.Error, false), finding(diag.Warning, false)}, diag.Error, true},
		"all suppressed":   {[]migrate.FindingReport{finding(diag.Error, true)}, diag.Note, false},
		"worst suppressed": {[]migrate.FindingReport{finding(diag.Error, true), finding(diag.Warning, false)}, diag.Warning, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &migrate.Report{Apps: []migrate.AppReport{{}, {Findings: tt.findings}}}
			if worst, ok := r.Worst(); worst != tt.worst || ok != tt.ok {
				t.Errorf("got %s, %t", worst, ok)
			}
		})
	}
}

// Files leave open what only an org can tell: of every app that has yet to
// move, and in the sources of the report.
func TestGaps(t *testing.T) {
	r := audit(t, append(oauth(""), migrate.ExampleFile{Name: "Link.connectedApp", XML: "<startUrl>/x</startUrl>"}))
	if got := app(t, r, migrate.KindConnectedApp, "Link").Unknown; slices.Contains(got, "username-password use") || !slices.Contains(got, "user provisioning") {
		t.Errorf("of a bookmark is unknown %v", got)
	}
	var open, sources []string
	for _, u := range app(t, r, migrate.KindConnectedApp, "Order_Sync").Unknown {
		if isGap(u) {
			open = append(open, u)
		}
	}
	for _, s := range r.Orgs[0].Sources {
		if s.State == migrate.SourceUnavailable && s.Note != "" {
			sources = append(sources, s.Name)
		}
	}
	for _, want := range []string{"user provisioning", "dynamic client registration", "username-password use", "device flow use", "use"} {
		if !slices.Contains(open, want) {
			t.Errorf("%s is not open: %v", want, open)
		}
	}
	for _, want := range []string{migrate.SrcLogins, migrate.SrcTokens, migrate.SrcProvisioning} {
		if !slices.Contains(sources, want) {
			t.Errorf("%s is not said to be unread: %v", want, sources)
		}
	}
	if s := r.Orgs[0].Sources[0]; s.Name != "ConnectedApp" || s.Rows != 2 || s.State != migrate.SourceOK {
		t.Errorf("got %+v", s)
	}
}
