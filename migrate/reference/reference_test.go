package reference_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/reference"
)

func topics() []reference.Topic { return reference.Topics(metadata.Schema()) }

func ids(found []reference.Topic) []string {
	list := make([]string, len(found))
	for i, t := range found {
		list[i] = t.ID
	}
	return list
}

// Every topic is found by its own id, in any case, and says something.
func TestEveryTopicIsFound(t *testing.T) {
	all := topics()
	kinds := map[reference.Kind]int{}
	for _, topic := range all {
		kinds[topic.Kind]++
		for _, word := range []string{topic.ID, strings.ToUpper(topic.ID), strings.ToLower(topic.ID)} {
			found, err := reference.Find(all, word)
			if err != nil || !slices.Contains(ids(found), topic.ID) {
				t.Errorf("%q finds %v, %v", word, ids(found), err)
			}
			for _, f := range found {
				if !strings.EqualFold(f.ID, topic.ID) {
					t.Errorf("%q finds %s too", word, f.ID)
				}
			}
		}
		if topic.Title == "" || len(topic.Facts) == 0 {
			t.Errorf("%s says nothing: %+v", topic.ID, topic)
		}
		for _, f := range topic.Facts {
			if f.Name == "" || f.Text == "" || strings.TrimSpace(f.Text) != f.Text {
				t.Errorf("%s has the fact %+v", topic.ID, f)
			}
		}
	}
	for _, k := range []reference.Kind{reference.Code, reference.Rule, reference.Key, reference.Field, reference.Scope, reference.Date} {
		if kinds[k] == 0 {
			t.Errorf("no topic is a %s", k)
		}
	}
}

// No id is that of two topics, but for keys that both kinds of spec have.
func TestIdsAreUnique(t *testing.T) {
	seen := map[string]reference.Topic{}
	for _, topic := range topics() {
		id := strings.ToLower(topic.ID)
		other, twice := seen[id]
		if twice && (topic.Kind != reference.Key || other.Kind != reference.Key || topic.Facts[0] == other.Facts[0]) {
			t.Errorf("%s is a %s and a %s", topic.ID, other.Kind, topic.Kind)
		}
		seen[id] = topic
	}
}

func TestFind(t *testing.T) {
	tests := map[string]struct{ word, want string }{
		"last word of a key":                {"requirePkce", "oauth.security.requirePkce"},
		"in another case":                   {"REQUIREPKCE", "oauth.security.requirePkce"},
		"last words of a key":               {"security.requirePkce", "oauth.security.requirePkce"},
		"element":                           {"isPkceRequired", "oauth.security.requirePkce"},
		"element with its type":             {"ExtlClntAppGlobalOauthSettings.isPkceRequired", "oauth.security.requirePkce"},
		"element without a key":             {"ConnectedAppOauthConfig.isPkceRequired", "ConnectedAppOauthConfig.isPkceRequired"},
		"secret":                            {"consumerSecret", "oauth.rotateOnDeploy.consumerSecret ConnectedAppOauthConfig.consumerSecret ExtlClntAppGlobalOauthSettings.consumerSecret ExtlClntAppOauthSettings.consumerSecret"},
		"scope":                             {"api", "api"},
		"scope by its label":                {"Manage user data via APIs (api)", "api"},
		"scope of a Connected App":          {"SFAP", "sfap_api"},
		"scope of an External Client App":   {"SFApiPlatform", "sfap_api"},
		"scope that is another's name":      {"offline_access", "offline_access"},
		"scope by its name in metadata":     {"RefreshToken", "refresh_token"},
		"block and last word":               {"mobile", "mobile.screenLock mobile.screenLockTimeout"},
		"block":                             {"oauth.flows.device", "oauth.flows.device.enabled"},
		"rule":                              {"ca-sec-010", "CA-SEC-010"},
		"question that only an org answers": {"CA-ELIG-009", "CA-ELIG-009"},
		"unreadable":                        {"CA-READ-001", "CA-READ-001"},
		"code":                              {"ECA212", "ECA212"},
		"date":                              {"device-flow", "device-flow"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := reference.Find(topics(), tt.word)
			if got := strings.Join(ids(found), " "); err != nil || got != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

// A block of keys finds everything in it, and nothing beside it.
func TestFindBlock(t *testing.T) {
	all := topics()
	for _, block := range []string{"oauth.flows", "oauth", "policies", "OAuth.Security"} {
		found, err := reference.Find(all, block)
		if err != nil {
			t.Errorf("%s: %v", block, err)
		}
		inside := 0
		for _, topic := range all {
			if strings.HasPrefix(strings.ToLower(topic.ID), strings.ToLower(block)+".") {
				inside++
			}
		}
		if len(found) != inside || inside < 2 {
			t.Errorf("%s finds %d of %d: %v", block, len(found), inside, ids(found))
		}
	}
}

func TestGroups(t *testing.T) {
	all := topics()
	total := 0
	for _, group := range reference.Groups() {
		found, err := reference.Find(all, strings.ToUpper(group))
		if err != nil || len(found) == 0 {
			t.Errorf("%s finds %d, %v", group, len(found), err)
		}
		for _, topic := range found {
			if string(topic.Kind)+"s" != group {
				t.Errorf("%s finds the %s %s", group, topic.Kind, topic.ID)
			}
		}
		total += len(found)
	}
	if total != len(all) {
		t.Errorf("the groups list %d of %d topics", total, len(all))
	}
	dates, _ := reference.Find(all, "dates")
	if deadlines, err := reference.Find(all, "deadlines"); err != nil || !slices.Equal(ids(deadlines), ids(dates)) {
		t.Errorf("deadlines finds %v, %v", ids(deadlines), err)
	}
}

func TestNotFound(t *testing.T) {
	tests := map[string]struct{ word, hint string }{
		"typing mistake":   {"requirePcke", `did you mean "requirePkce"?`},
		"a digit off":      {"CA-SEC-01O", `did you mean "CA-SEC-010"?`},
		"scope misspelled": {"refresh_tokn", `did you mean "refresh_token"?`},
		"group misspelled": {"rule", `did you mean "rules"?`},
		"nothing near":     {"wholly-different-thing", "ecactl explain lists what there is"},
		"empty":            {"", "ecactl explain lists what there is"},
		"a dot":            {".", "ecactl explain lists what there is"},
		"not text":         {"\xff\xfe", "ecactl explain lists what there is"},
		"longer than all":  {strings.Repeat("x", 1000), "ecactl explain lists what there is"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := reference.Find(topics(), tt.word)
			p, ok := errors.AsType[*diag.Problem](err)
			if !ok || found != nil {
				t.Fatalf("found %v, err = %v", ids(found), err)
			}
			if p.Hint != tt.hint || !strings.HasPrefix(p.Message, "nothing is called ") {
				t.Errorf("got %q (%s)", p.Message, p.Hint)
			}
		})
	}
}

// A rule's topic says what the rule says.
func TestRuleTopics(t *testing.T) {
	found, err := reference.Find(topics(), "CA-ELIG-001")
	if err != nil || len(found) != 1 {
		t.Fatal(ids(found), err)
	}
	r := migrate.FindRule("CA-ELIG-001")
	want := []reference.Fact{
		{Name: "level", Text: "error"},
		{Name: "asked of", Text: "ConnectedApp"},
		{Name: "needs", Text: "the app's own metadata"},
		{Name: "effect", Text: "the owner has to move the app"},
		{Name: "why", Text: r.Why},
		{Name: "source", Text: r.Source},
		{Name: "to read", Text: strings.Join(migrate.Links(r.Source), ", ")},
		{Name: "what to do", Text: r.Fix},
	}
	if !slices.Equal(found[0].Facts, want) || found[0].Bad != "acme__Order_Sync.connectedApp: (nothing)" {
		t.Errorf("got %+v", found[0])
	}
	for _, r := range migrate.Rules {
		found, _ := reference.Find(topics(), r.ID)
		effect := slices.ContainsFunc(found[0].Facts, func(f reference.Fact) bool { return f.Name == "effect" })
		if effect != (r.Effect != migrate.NoEffect || r.Unused) {
			t.Errorf("%s: says its effect: %t", r.ID, effect)
		}
	}
}

// Examples that are only long, or that are no text, are left out.
func TestExamplesAreBrief(t *testing.T) {
	for _, topic := range topics() {
		if topic.Kind == reference.Code && (len(topic.Bad) > 400 || len(topic.Good) > 400) {
			t.Errorf("%s has an example of %d characters", topic.ID, max(len(topic.Bad), len(topic.Good)))
		}
		if strings.ContainsAny(topic.Bad+topic.Good, "\x00\x1b") || !strings.HasPrefix(strings.ToValidUTF8(topic.Bad, "!"), topic.Bad) {
			t.Errorf("%s has an example that is no text", topic.ID)
		}
	}
}
