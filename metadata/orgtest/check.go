package orgtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// A message is what the org says of one component of a deploy.
type message struct {
	Type, Name, File string
	ID               string
	Problem          string
	Warning          bool
	Line, Column     int
	Created          bool
	Changed          bool
	Deleted          bool
}

// A trial is a component that is to be deployed, with what its checks may look
// at: the org as it would be afterwards.
type trial struct {
	org      *Org
	c        *metadata.Component
	file     string
	version  metadata.Version
	there    *stored          // the component that it replaces, or nil
	parts    map[part]*stored // with the deploy's own
	apps     map[string]bool  // that there are, with the deploy's own
	errors   []finding
	warnings []finding
}

type finding struct {
	text string
	line int
	col  int
}

func (t *trial) fail(e *metadata.Element, format string, args ...any) {
	f := finding{text: fmt.Sprintf(format, args...)}
	if e != nil {
		f.line, f.col = e.Pos.Line, e.Pos.Col
	}
	t.errors = append(t.errors, f)
}

func (t *trial) warn(format string, args ...any) {
	t.warnings = append(t.warnings, finding{text: fmt.Sprintf(format, args...)})
}

func (t *trial) text(field string) string {
	v, _ := t.c.Text(field)
	return v
}

// checks are what an org has against a component, in the order in which it says
// so. typ is "" for all types of apps. The texts are those of the reference of
// known errors, where there is one.
var checks = []struct {
	typ   string
	check func(*trial)
}{
	{"", checkShape},
	{"", checkName},
	{"", checkApp},
	{"", checkDuplicate},
	{metadata.TypeApp, checkHeader},
	{typeGlobal, checkGlobal},
	{typeGlobal, checkConsumer},
	{typeOauth, checkScopes},
	{typeOauth, checkLink},
	{typePolicy, checkRunAs},
	{typePolicy, checkPlugin},
	{metadata.TypeConnectedApp, checkConnectedApp},
}

func (t *trial) run() {
	for _, c := range checks {
		if c.typ == "" || c.typ == t.c.Type {
			c.check(t)
			if len(t.errors) > 0 {
				return // an org says one thing of a component
			}
		}
	}
}

// checkShape walks the component beside the table, at the deploy's version.
func checkShape(t *trial) {
	typ := t.org.table.Type(t.c.Type)
	if typ == nil {
		return // of a type that is no concern of apps
	}
	if !typ.Has(t.version) {
		t.fail(t.c.Root, "Unknown type name '%s' specified in package.xml", t.c.Type)
		return
	}
	t.shape(t.c.Root, typ)
}

func (t *trial) shape(e *metadata.Element, typ *metadata.Type) {
	var seen []string
	for _, child := range e.Children {
		f := typ.Field(child.Name)
		switch {
		case child.Name == "fullName":
			continue
		case f == nil || !f.Has(t.version):
			t.fail(child, "Element {%s}%s invalid at this location in type %s", metadata.Namespace, child.Name, typ.Name)
		case !f.Repeated && slices.Contains(seen, child.Name):
			t.fail(child, "Element {%s}%s is duplicated in type %s", metadata.Namespace, child.Name, typ.Name)
		case t.org.table.Nested(f) != nil:
			t.shape(child, t.org.table.Nested(f))
		case !child.Nil:
			t.value(child, typ, f)
		}
		if len(t.errors) > 0 {
			return
		}
		if !f.Repeated || !slices.Contains(seen, child.Name) {
			seen = append(seen, child.Name)
		}
	}
	for _, f := range typ.Fields {
		if f.Required && f.Has(t.version) && !slices.Contains(seen, f.Name) {
			t.fail(e, "Required field is missing: %s", f.Name)
			return
		}
	}
}

func (t *trial) value(e *metadata.Element, typ *metadata.Type, f *metadata.Field) {
	text := strings.TrimSpace(e.Text)
	switch {
	case len(t.org.table.Enums[f.Type]) > 0:
		if v := t.org.table.EnumValue(f.Type, text); v == nil || !v.Has(t.version) {
			t.fail(e, "'%s' is not a valid value for the enum '%s'", text, f.Type)
		}
	case f.Type == "xsd:boolean":
		if text != "true" && text != "false" && text != "1" && text != "0" {
			t.fail(e, "'%s' is not a valid value for the type xsd:boolean", text)
		}
	case f.Type == "xsd:int":
		if _, err := strconv.Atoi(text); err != nil {
			t.fail(e, "'%s' is not a valid value for the type xsd:int", text)
		}
	default:
		if free := f.Words(); len(free) > 0 && typ.Name != "ConnectedAppOauthPolicy" && !containsFold(free, text) {
			t.fail(e, "In field: %s - %s is not a valid value", f.Name, text)
		}
	}
}

func containsFold(list []string, s string) bool {
	for _, v := range list {
		if strings.EqualFold(v, s) {
			return true
		}
	}
	return false
}

func checkName(t *trial) {
	if typ := t.org.table.Type(t.c.Type); typ == nil || typ.IsSettings() || t.there != nil {
		return
	}
	if err := spec.CheckName(t.c.Name); err != nil || metadata.NamespaceOf(t.c.Name) != "" {
		t.fail(nil, "The %s API Name can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores.", t.c.Type)
	}
}

// checkApp demands the app that a part names.
func checkApp(t *trial) {
	typ := t.org.table.Type(t.c.Type)
	if typ == nil || typ.Field(metadata.FieldApp) == nil {
		return
	}
	if app := t.text(metadata.FieldApp); !t.apps[app] {
		t.fail(t.c.First(metadata.FieldApp), "In field: externalClientApplication - no ExternalClientApplication named %s found", app)
	}
}

// checkDuplicate refuses a second component of a type for one app.
func checkDuplicate(t *trial) {
	typ := t.org.table.Type(t.c.Type)
	if typ == nil || typ.Field(metadata.FieldApp) == nil {
		return
	}
	if other := t.parts[part{t.text(metadata.FieldApp), t.c.Type}]; other != nil && other.Name != t.c.Name {
		t.fail(nil, "duplicate value found: ExternalClientApplicationId duplicates value on %s", other.Name)
	}
}

func checkHeader(t *trial) {
	if t.text("contactEmail") == "" {
		t.fail(nil, "Required field is missing: contactEmail")
	}
	state := t.text("distributionState")
	if state == "Packaged" && (t.org.cfg.Kind == "sandbox" || t.org.cfg.Kind == "scratch") {
		t.fail(t.c.First("distributionState"), "External client apps that are owned by a sandbox or scratch org can't be packaged.")
	}
	if scoped := t.text("orgScopedExternalApp"); scoped != "" && scoped != t.org.state.OrgID[:15]+":"+t.c.Name {
		t.fail(t.c.First("orgScopedExternalApp"), "In field: orgScopedExternalApp - no External Client App %s found", scoped)
	}
	if ca := t.org.state.Components[key(metadata.TypeConnectedApp, t.c.Name)]; t.there == nil && ca != nil && !ca.Migrated && !ca.Vendor {
		t.fail(nil, "duplicate value found: DeveloperName duplicates value on record with name: %s", t.c.Name)
	}
	if t.there != nil && t.there.Namespace != "" {
		t.fail(nil, "Cannot modify managed object: entity=ExternalClientApplication, component=%s", t.c.Name)
	}
}

func checkGlobal(t *trial) {
	if t.parts[part{t.text(metadata.FieldApp), typeOauth}] == nil {
		t.fail(nil, "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration.")
		return
	}
	if t.text("callbackUrl") == "" {
		t.fail(nil, "Required field is missing: callbackUrl")
	}
}

// checkConsumer is about the key: it may be given once, when the app is made.
func checkConsumer(t *trial) {
	app := t.text(metadata.FieldApp)
	for _, flag := range []string{"shouldRotateConsumerKey", "shouldRotateConsumerSecret"} {
		if t.text(flag) == "true" && t.there != nil {
			t.warn("%s is true: this deploy rotates the value, and clients that use it stop working", flag)
		}
	}
	given := t.text("consumerKey")
	if given == "" {
		return
	}
	if c := t.org.state.Consumers[app]; c != nil {
		if c.Key != given {
			t.warn("We couldn't update your OAuth link because a consumer key of an existing app can't be changed.")
		}
		return
	}
	for name, c := range t.org.state.Consumers {
		if c.Key == given && name != app {
			t.fail(t.c.First("consumerKey"), "The consumer key is already taken.")
			return
		}
	}
	if len(given) < 8 || len(given) > 256 {
		t.fail(t.c.First("consumerKey"), "In field: consumerKey - a consumer key has 8 to 256 characters")
	}
}

func checkScopes(t *trial) {
	for _, token := range spec.SplitList(t.text("commaSeparatedOauthScopes")) {
		if !slices.ContainsFunc(t.org.scopes, func(s spec.Scope) bool { return s.Token == token && s.Has(t.version) }) {
			var all []string
			for _, s := range t.org.scopes {
				if s.Has(t.version) {
					all = append(all, s.Token)
				}
			}
			t.fail(t.c.First("commaSeparatedOauthScopes"), "There's a problem with your scope(s): %s. Valid scopes: %s", token, strings.Join(all, ", "))
			return
		}
	}
}

func checkLink(t *trial) {
	link := t.text("oauthLink")
	if link == "" {
		return
	}
	if c := t.org.state.Consumers[t.text(metadata.FieldApp)]; c == nil || link != t.org.state.OrgID[:15]+":"+c.ID[:15] {
		t.fail(t.c.First("oauthLink"), "The OAuth link %s is incorrect. Remove the OAuth link field, and it's generated during deployment.", link)
	}
}

func checkRunAs(t *trial) {
	user := t.text("clientCredentialsFlowUser")
	enabled := t.text("isClientCredentialsFlowEnabled") == "true"
	u := t.org.userByName(user)
	if (enabled || user != "") && (u == nil || u.Inactive) {
		t.fail(t.c.First("clientCredentialsFlowUser"), "Enter a valid execution user for the OAuth client credentials flow.")
	}
}

// checkPlugin refuses timeouts of tokens that the app does not issue.
func checkPlugin(t *trial) {
	global := t.parts[part{t.text(metadata.FieldApp), typeGlobal}]
	if global != nil && global.text("isNamedUserJwtEnabled") == "true" {
		return
	}
	for _, field := range []string{"namedUserJwtTimeout", "guestJwtTimeout"} {
		if t.text(field) != "" {
			t.fail(t.c.First(field), "Invalid plugin settings")
			return
		}
	}
	if t.text("namedUserJwtSessionTimeoutType") != "" && t.there == nil {
		t.fail(t.c.First("namedUserJwtSessionTimeoutType"), "Invalid plugin settings")
	}
}

func checkConnectedApp(t *trial) {
	switch {
	case t.there != nil && t.there.Migrated:
		t.fail(nil, "This connected app was migrated to an external client app and is read only.")
	case t.there != nil && t.there.Namespace != "":
		t.fail(nil, "Cannot modify managed object: entity=ConnectedApplication, component=%s", t.c.Name)
	case t.there == nil && !t.org.cfg.AllowConnectedApps:
		t.fail(nil, "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support.")
	case t.there == nil && t.apps[t.c.Name]:
		t.fail(nil, "duplicate value found: DeveloperName duplicates value on record with name: %s", t.c.Name)
	}
}
