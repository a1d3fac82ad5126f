package migrate_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate"
)

// Every source has a link, but for real files and the few pages whose address is
// not known; a longer name goes before a shorter one that it begins with.
func TestLinks(t *testing.T) {
	var sources []string
	for _, r := range migrate.Rules {
		sources = append(sources, r.Source)
	}
	for _, d := range metadata.Deadlines {
		sources = append(sources, d.Source)
	}
	unknown := []string{"help: OpenID Connect Token Introspection", "help: Authorization Code and Credentials Flow for Guest Users"}
	for _, s := range sources {
		links := migrate.Links(s)
		if open := strings.HasPrefix(s, "real files") || slices.Contains(unknown, s); (len(links) == 0) != open {
			t.Errorf("%q has the links %v", s, links)
		}
		for _, l := range links {
			if u, err := url.Parse(l); err != nil || u.Scheme != "https" || u.Host == "" {
				t.Errorf("%q: %s", s, l)
			}
		}
	}
	for in, want := range map[string]string{
		"forcedotcom/cli issue 3515": "https://github.com/forcedotcom/cli/issues/3515",
		"forcedotcom/cli issue 336":  "https://github.com/forcedotcom/cli/issues/336",
		"nothing of the kind":        "",
	} {
		if got := strings.Join(migrate.Links(in), " "); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	if got := migrate.Links("sfdx-hardis 8; help article 005228017"); len(got) != 2 {
		t.Errorf("two sources have the links %v", got)
	}
}
