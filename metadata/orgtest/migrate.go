package orgtest

import (
	"net/http"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// More types of apps.
const (
	typeSaml     = "ExtlClntAppSamlConfigurablePolicies"
	typeSecurity = "ExtlClntAppOauthSecuritySettings"
)

// serveMigrate is Setup's button. No org has it as an API; it is there so that
// what comes after it can be tried.
func (o *Org) serveMigrate(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	name := r.URL.Query().Get("app")
	ca := o.state.Components[key(metadata.TypeConnectedApp, name)]
	switch {
	case o.tokens[bearer(r)] == nil:
		restFail(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
		return
	case ca == nil || ca.Namespace != "" || ca.Vendor:
		restFail(w, http.StatusNotFound, "NOT_FOUND", "no local connected app "+name)
		return
	case ca.Migrated || o.state.Components[key(metadata.TypeApp, name)] != nil:
		restFail(w, http.StatusConflict, "DUPLICATE_VALUE", "an external client app "+name+" exists already")
		return
	}
	old := &predecessor{Component: &metadata.Component{Type: ca.Type, Name: ca.Name, Root: ca.content()}, org: o, id: ca.ID}
	if why := old.ineligible(); why != "" {
		restFail(w, http.StatusBadRequest, "NOT_ELIGIBLE", "The connected app "+name+" isn't eligible for migration: "+why)
		return
	}
	if held := o.state.Consumers["ca:"+name]; held != nil && old.has("oauthConfig") {
		own := *held
		own.ID = o.newID("consumer")
		o.state.Consumers[name] = &own
	}
	var made []string
	for _, s := range successors {
		if s.block != "" && !old.has(s.block) || !o.table.Type(s.typ).Has(o.cfg.NewestVersion) {
			continue
		}
		c := s.make(old)
		o.complete(&stored{Type: c.Type, Name: c.Name, root: c.Root}, c.Root)
		o.put(c)
		made = append(made, c.Type+" "+c.Name)
	}
	if held := o.state.Consumers[name]; held != nil {
		held.AppID = o.appID(name)
	}
	ca.Migrated = true
	writeJSON(w, http.StatusCreated, map[string]any{"app": name, "components": made})
}

// A predecessor is the Connected App that the button is pressed on.
type predecessor struct {
	*metadata.Component
	org *Org
	id  string
}

// has tells whether a block is there and not null.
func (p *predecessor) has(block string) bool {
	e := p.Root.Child(block)
	return e != nil && !e.Nil
}

// value is the text at a path, or "".
func (p *predecessor) value(path string) string {
	v, _ := p.Text(path)
	return v
}

// values are the texts of a repeated element.
func (p *predecessor) values(path string) []string {
	var list []string
	for _, e := range p.All(path) {
		if v := strings.TrimSpace(e.Text); v != "" && !e.Nil {
			list = append(list, v)
		}
	}
	return list
}

// blockers are what the button refuses, from Salesforce's help on eligibility.
// Dynamic client registration is one more, which an emulated org does not have.
var blockers = []struct {
	why string
	is  func(*predecessor) bool
}{
	{"it is a canvas app.", func(p *predecessor) bool { return p.has("canvasConfig") || p.has("canvas") }},
	{"it has a custom Apex handler.", func(p *predecessor) bool { return p.value("plugin") != "" }},
	{"user provisioning is enabled.", (*predecessor).provisions},
	{"its SAML encryption is Triple DES.", func(p *predecessor) bool { return p.value("samlConfig.encryptionType") == "Triple_Des" }},
}

func (p *predecessor) ineligible() string {
	for _, b := range blockers {
		if b.is(p) {
			return b.why
		}
	}
	return ""
}

func (p *predecessor) provisions() bool {
	for _, row := range p.org.state.Records["UserProvisioningConfig"] {
		if id, _ := row["ConnectedAppId"].(string); len(id) >= 15 && strings.HasPrefix(p.id, id[:15]) && row["Enabled"] == true {
			return true
		}
	}
	return false
}

// A successor is one component that the button makes.
type successor struct {
	typ, suffix string
	block       string            // of the Connected App, without which it is not made
	copies      map[string]string // fields by the path in the Connected App
	adds        map[string]string // values that are written in any case; a copy goes before them
	more        func(*predecessor, func(field, value string), *metadata.Element)
}

func (s successor) make(old *predecessor) *metadata.Component {
	c := metadata.NewComponent(s.typ, old.Name+s.suffix)
	put := func(field, value string) { putAt(c.Root, field, value) }
	for field, value := range s.adds {
		put(field, value)
	}
	for from, to := range s.copies {
		if v := old.value(from); v != "" {
			put(to, v)
		}
	}
	if s.more != nil {
		s.more(old, put, c.Root)
	}
	if s.typ != metadata.TypeApp {
		put(metadata.FieldApp, old.Name)
	}
	return c
}

// putAt gives a field below an element its value; "" takes it away.
func putAt(e *metadata.Element, field, value string) {
	block, rest, deeper := strings.Cut(field, ".")
	if deeper {
		inner := e.Child(block)
		if inner == nil {
			inner = e.Add(&metadata.Element{Name: block})
		}
		putAt(inner, rest, value)
		return
	}
	e.Remove(field)
	if value != "" {
		e.Add(&metadata.Element{Name: field, Text: value})
	}
}
