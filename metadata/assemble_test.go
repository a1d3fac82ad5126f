package metadata_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// part is a component by "type name", with the app that it names.
func part(typ, name, of string) *metadata.Component {
	c := metadata.NewComponent(typ, name)
	c.File = name + ".xml"
	if of != "" {
		c.Root.Add(value(metadata.FieldApp, of))
	}
	return c
}

// sketch puts apps into lines: "name: header + satellites".
func sketch(apps []*metadata.App) []string {
	var out []string
	for _, a := range apps {
		s := a.Name + ":"
		if a.Header != nil {
			s += " " + a.Header.Name
		}
		for _, p := range a.Parts {
			s += " + " + p.Name
		}
		out = append(out, s)
	}
	return out
}

func TestAssemble(t *testing.T) {
	head := func(name string) *metadata.Component { return part(app, name, "") }
	tests := map[string]struct {
		in       []*metadata.Component
		want     []string
		problems []string
	}{
		"by content and never by name": {
			in: []*metadata.Component{
				head("Order_Sync"), head("Stock_Sync"),
				part(oauthSet, "Stock_Sync_oauth", "Order_Sync"), part(globalSet, "x", "Order_Sync"), part(oauthSet, "Order_Sync_oauth", "Stock_Sync"),
			},
			want: []string{"Order_Sync: Order_Sync + x + Stock_Sync_oauth", "Stock_Sync: Stock_Sync + Order_Sync_oauth"},
		},
		"others left aside": {
			in:   []*metadata.Component{part("ConnectedApp", "Order_Sync", ""), metadata.NewComponent("ExternalClientAppSettings", "ExternalClientApp"), part("Certificate", "Order_Sync", "Order_Sync")},
			want: nil,
		},
		"a lone header": {in: []*metadata.Component{head("Order_Sync")}, want: []string{"Order_Sync: Order_Sync"}},
		"blanks around the reference": {
			in:   []*metadata.Component{head("Order_Sync"), part(oauthSet, "o", "\n  Order_Sync\n")},
			want: []string{"Order_Sync: Order_Sync + o"},
		},
		"satellites of a packaged app": {
			in:       []*metadata.Component{part(oauthPlcy, "Linear_oauth_defaultPolicy", "Linear__Linear")},
			want:     []string{"Linear__Linear: + Linear_oauth_defaultPolicy"},
			problems: []string{"note: Linear_oauth_defaultPolicy.xml: the app Linear__Linear has no header among the files: 1 satellite(s) alone (ECA222)"},
		},
		"a header without its namespace": {
			in:   []*metadata.Component{head("Symphonix_MCP"), part(oauthSet, "o", "w22loan__Symphonix_MCP"), part(globalSet, "g", "w22loan__Symphonix_MCP")},
			want: []string{"w22loan__Symphonix_MCP: Symphonix_MCP + g + o"},
		},
		"a header with its namespace": {
			in:   []*metadata.Component{head("w22loan__Symphonix_MCP"), part(oauthSet, "o", "w22loan__Symphonix_MCP")},
			want: []string{"w22loan__Symphonix_MCP: w22loan__Symphonix_MCP + o"},
		},
		"a local app of the same bare name keeps its own": {
			in:       []*metadata.Component{head("Order_Sync"), part(oauthSet, "local", "Order_Sync"), part(oauthSet, "packaged", "acme__Order_Sync")},
			want:     []string{"Order_Sync: Order_Sync + local", "acme__Order_Sync: + packaged"},
			problems: []string{"note: packaged.xml: the app acme__Order_Sync has no header among the files: 1 satellite(s) alone (ECA222)"},
		},
		"a local header beside a packaged one": {
			in:   []*metadata.Component{head("Order_Sync"), head("acme__Order_Sync"), part(oauthSet, "packaged", "acme__Order_Sync")},
			want: []string{"Order_Sync: Order_Sync", "acme__Order_Sync: acme__Order_Sync + packaged"},
		},
		"two packages of one bare name": {
			in:   []*metadata.Component{head("Order_Sync"), part(oauthSet, "a", "acme__Order_Sync"), part(oauthSet, "b", "other__Order_Sync")},
			want: []string{"Order_Sync: Order_Sync", "acme__Order_Sync: + a", "other__Order_Sync: + b"},
			problems: []string{
				"note: a.xml: the app acme__Order_Sync has no header among the files: 1 satellite(s) alone (ECA222)",
				"note: b.xml: the app other__Order_Sync has no header among the files: 1 satellite(s) alone (ECA222)",
			},
		},
		"no reference": {
			in:   []*metadata.Component{head("Order_Sync"), part(oauthSet, "Order_Sync_oauth", ""), part(globalSet, "Order_Sync_glbloauth", " ")},
			want: []string{"Order_Sync: Order_Sync"},
			problems: []string{
				"warning: Order_Sync_glbloauth.xml: ExtlClntAppGlobalOauthSettings Order_Sync_glbloauth names no app and is left aside (ECA224) | add <externalClientApplication>",
				"warning: Order_Sync_oauth.xml: ExtlClntAppOauthSettings Order_Sync_oauth names no app and is left aside (ECA224) | add <externalClientApplication>",
			},
		},
		"another case": {
			in:   []*metadata.Component{head("Order_Sync"), part(oauthSet, "o", "order_sync"), part(globalSet, "g", "Order_SYNC")},
			want: []string{"Order_SYNC: + g", "Order_Sync: Order_Sync", "order_sync: + o"},
			problems: []string{
				"warning: g.xml: the app Order_SYNC has no header among the files: 1 satellite(s) alone (ECA222) | another app differs in case alone: Order_Sync, order_sync",
				"warning: o.xml: the app order_sync has no header among the files: 1 satellite(s) alone (ECA222) | another app differs in case alone: Order_SYNC, Order_Sync",
			},
		},
		"several of a type": {
			in:   []*metadata.Component{head("Order_Sync"), part(oauthSet, "c", "Order_Sync"), part(oauthSet, "a", "Order_Sync"), part(oauthSet, "b", "Order_Sync")},
			want: []string{"Order_Sync: Order_Sync + a + b + c"},
			problems: []string{
				"warning: b.xml: the app Order_Sync has two ExtlClntAppOauthSettings, a and b; an org takes one (ECA223) | delete the one that the org does not have",
				"warning: c.xml: the app Order_Sync has two ExtlClntAppOauthSettings, b and c; an org takes one (ECA223) | delete the one that the org does not have",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for range len(tt.in) + 1 { // in any order
				apps, problems := metadata.Schema().Assemble(tt.in)
				same(t, "apps", sketch(apps), tt.want)
				same(t, "problems", lines(problems), tt.problems)
				if len(tt.in) > 1 {
					tt.in = append(slices.Clone(tt.in[1:]), tt.in[0])
				}
			}
		})
	}
}

// A problem of something that was read is placed at its root element.
func TestAssemblePlaces(t *testing.T) {
	c := decode(t, satellite(oauthSet, "Order_Sync"))
	_, problems := metadata.Schema().Assemble([]*metadata.Component{c})
	same(t, "problems", lines(problems), []string{"note: app.xml:2:1: the app Order_Sync has no header among the files: 1 satellite(s) alone (ECA222)"})
}

// Many orphans are no reason to compare each with each.
func TestAssembleMany(t *testing.T) {
	const n = 5_000
	var in []*metadata.Component
	for i := range n {
		in = append(in, part(oauthSet, fmt.Sprint("o", i), fmt.Sprint("App_", i)))
	}
	apps, problems := metadata.Schema().Assemble(in)
	if len(apps) != n || len(problems) != n {
		t.Errorf("got %d apps, %d problems, want %d of each", len(apps), len(problems), n)
	}
}

func TestApp(t *testing.T) {
	h, o, g := part(app, "Order_Sync", ""), part(oauthSet, "o", "Order_Sync"), part(globalSet, "g", "Order_Sync")
	apps, _ := metadata.Schema().Assemble([]*metadata.Component{h, o, g})
	a := apps[0]
	if a.Part(oauthSet) != o || a.Part(globalSet) != g || a.Part(oauthPlcy) != nil {
		t.Errorf("the satellites are not found by type: %s", strings.Join(sketch(apps), "; "))
	}
	if got := a.Components(); !slices.Equal(got, []*metadata.Component{h, g, o}) {
		t.Errorf("got %s", names(got))
	}
	a.Header = nil
	if got := a.Components(); !slices.Equal(got, []*metadata.Component{g, o}) {
		t.Errorf("got %s", names(got))
	}
	if h.App() != "Order_Sync" || o.App() != "Order_Sync" || part(oauthSet, "x", "").App() != "" {
		t.Errorf("got %q, %q", h.App(), o.App())
	}
}

func TestNamespaceOf(t *testing.T) {
	tests := map[string]struct{ ns, bare string }{
		"Linear__Linear":               {"Linear", "Linear"},
		"w22loan__Symphonix_MCP":       {"w22loan", "Symphonix_MCP"},
		"Order_Sync":                   {"", "Order_Sync"},
		"":                             {"", ""},
		"__Order_Sync":                 {"", "__Order_Sync"},
		"acme__":                       {"", "acme__"},
		"a__b__c":                      {"a", "b__c"},
		"exactly15charss__Order_Sync":  {"exactly15charss", "Order_Sync"},
		"exactly16charsss__Order_Sync": {"", "exactly16charsss__Order_Sync"},
	}
	for name, tt := range tests {
		if ns, bare := metadata.NamespaceOf(name), metadata.BareName(name); ns != tt.ns || bare != tt.bare {
			t.Errorf("%s: got %q, %q, want %q, %q", name, ns, bare, tt.ns, tt.bare)
		}
	}
}
