package report_test

import (
	"io"
	"testing"
	"time"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/migrate/waves"
)

// A plan that somebody has edited is refused, or read, shown and looked at; it
// never ends the program.
func FuzzPlanOfMigration(f *testing.F) {
	for _, text := range hostileTexts[:2] {
		p, _ := hostilePlan(&testing.T{}, text)
		for i := range p.Waves { // a small plan: a large one is minimized for minutes
			w := &p.Waves[i]
			w.Apps = w.Apps[:1]
			w.Apps[0].Steps = w.Apps[0].Steps[:2]
		}
		data, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schemaVersion":1,"tool":{"name":"ecactl"},"orgs":[{}],"waves":[{"apps":[{}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := waves.Decode("m.json", data)
		if err != nil {
			return
		}
		for _, write := range []func(io.Writer, *waves.Plan) error{report.PlanMarkdown, report.PlanCSV} {
			if err := write(io.Discard, p); err != nil {
				t.Fatal(err)
			}
		}
		for i := range p.Orgs {
			r := &migrate.Report{GeneratedAt: time.Unix(0, 0)}
			s := waves.Stand(p, p.Orgs[i].ID, r, nil, "test")
			if err := report.StatusMarkdown(io.Discard, s); err != nil {
				t.Fatal(err)
			}
		}
	})
}
