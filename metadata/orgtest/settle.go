package orgtest

import (
	"cmp"
	"crypto/rand"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// release gives a migrated Connected App back when its successor is deleted.
func (o *Org) release(app string) {
	if ca := o.state.Components[key(metadata.TypeConnectedApp, app)]; ca != nil {
		ca.Migrated = false
	}
}

// mint gives an app its consumer key and secret, or new ones.
func (o *Org) mint(global *stored) {
	app := global.app()
	c := o.state.Consumers[app]
	if c == nil {
		c = &consumer{ID: o.newID("consumer"), AppID: o.appID(app), Key: global.text("consumerKey"), Secret: cmp.Or(global.text("consumerSecret"), newSecret()), Staged: []stagedPair{}}
		c.Key = cmp.Or(c.Key, newKey())
		o.state.Consumers[app] = c
		return
	}
	if global.text("shouldRotateConsumerKey") == "true" {
		c.Key = newKey()
	}
	if global.text("shouldRotateConsumerSecret") == "true" {
		c.Secret = newSecret()
	}
}

func newKey() string    { return "3MVG9" + rand.Text() + rand.Text() + rand.Text() }
func newSecret() string { return rand.Text() + rand.Text() }

func (o *Org) appID(app string) string {
	if s := o.state.Components[key(metadata.TypeApp, app)]; s != nil {
		return s.ID
	}
	return ""
}

// settle brings an org that was seeded into the state of one that was deployed
// to: every app has a key.
func (o *Org) settle() {
	for _, s := range o.all() {
		if s.Type == typeGlobal && o.state.Consumers[s.app()] == nil {
			o.mint(s)
		}
	}
	for _, s := range o.all() {
		if s.Type == metadata.TypeConnectedApp && s.Namespace == "" {
			o.settleConnectedApp(s)
		} else if writtenBack[s.Type] != nil && s.Namespace == "" {
			o.complete(s, s.content())
		}
	}
}

// settleConnectedApp gives a Connected App its key.
func (o *Org) settleConnectedApp(s *stored) {
	config := s.content().Child("oauthConfig")
	if config == nil || o.state.Consumers["ca:"+s.Name] != nil {
		return
	}
	c := &consumer{ID: o.newID("consumer"), AppID: s.ID, Secret: newSecret(), Staged: []stagedPair{}}
	if k := config.Child("consumerKey"); k != nil && strings.TrimSpace(k.Text) != "" {
		c.Key = strings.TrimSpace(k.Text)
	} else {
		c.Key = newKey()
	}
	o.state.Consumers["ca:"+s.Name] = c
}

// policyOf is the policy that an org makes for a part of an app that has none.
var policyOf = map[string]string{typeOauth: typePolicy, metadata.TypeApp: typeAccess}

// makePolicies makes what an org makes by itself for an app that was deployed
// without policies, under the names that an org gives them.
func (o *Org) makePolicies(fresh []*stored) {
	own := make(map[part]bool, len(fresh))
	for _, c := range fresh {
		if c.Type == typePolicy || c.Type == typeAccess {
			own[part{c.app(), c.Type}] = true
		}
	}
	var parts map[part]*stored // of the whole org, once it has to be asked
	for _, c := range fresh {
		typ, app := policyOf[c.Type], c.app()
		if typ == "" || own[part{app, typ}] {
			continue
		}
		if parts == nil {
			parts = o.partsByApp(0)
		}
		if parts[part{app, typ}] != nil || parts[part{app, typeOauth}] == nil {
			continue
		}
		name := c.Name + "_defaultPolicy"
		made := &stored{Type: typ, Name: name, root: &metadata.Element{Name: typ}}
		made.root.Add(&metadata.Element{Name: metadata.FieldApp, Text: app})
		o.complete(made, made.root)
		o.keep(made)
	}
}
