package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// scopes is the list of OAuth scopes.
type scopes struct{}

func (scopes) put(b *builder, k *Key, n *yaml.Node) {
	var tokens []string
	for _, item := range b.items(k, n) {
		name, ok := b.scalar(k, item)
		if !ok {
			continue
		}
		s, ok := b.scope(name)
		switch {
		case !ok:
			b.problem(item, "ECA109", fmt.Sprintf("unknown scope %q", name), scopeHint(b.scopes, name))
		case !s.Has(b.versionOf(tOauth)):
			b.problem(item, "ECA213", fmt.Sprintf("the scope %s exists %s, and the target is %s", name, s.Span, b.versionOf(tOauth)),
				"pass --api-version "+s.Since.String())
		case slices.Contains(tokens, s.Token):
			b.problem(item, "ECA110", fmt.Sprintf("the scope %s is in the list twice", name), "delete one of the two")
		default:
			tokens = append(tokens, s.Token)
		}
	}
	if b.said("oauth.scopeOrder") != "given" {
		tokens = platformOrder(b.scopes, tokens)
	}
	if len(tokens) > 0 {
		b.set(k.Fields[0], strings.Join(tokens, ", "), n)
	}
}

func scopeHint(list []Scope, name string) string {
	var names []string
	for _, s := range list {
		names = append(names, s.Name(), s.Token)
	}
	if hint := diag.DidYouMean(name, names); hint != "" {
		return hint
	}
	return "ecactl explain scopes lists them; a custom scope goes under customScopes"
}

// platformOrder sorts tokens as a retrieve returns them; unknown ones last.
func platformOrder(list []Scope, tokens []string) []string {
	rank := func(token string) int {
		if i := slices.IndexFunc(list, func(s Scope) bool { return s.Token == token }); i >= 0 {
			return i
		}
		return len(list)
	}
	sorted := slices.Clone(tokens)
	slices.SortStableFunc(sorted, func(a, b string) int { return rank(a) - rank(b) })
	return sorted
}

func (scopes) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok {
		return nil
	}
	var names []string
	for _, token := range SplitList(s) {
		scope, ok := scopeByToken(r.scopes, token)
		if !ok || slices.Contains(names, scope.Name()) {
			return nil
		}
		names = append(names, scope.Name())
	}
	return textList(names)
}

func (scopes) schema(_ *Key, t *metadata.Table) object {
	var names []string
	for _, s := range Scopes(t) {
		names = append(names, s.spellings()...)
	}
	return object{"type": "array", "items": object{"anyOf": []object{
		{"type": "string", "enum": sortedUnique(names)},
		{"type": "string", "pattern": `\(.*\)$|[A-Z$]`, "description": "another spelling: a label of Setup, or a name in another case"},
	}}}
}
