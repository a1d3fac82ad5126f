package migrate

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// FromEvidence makes an inventory of what was read of an org. Every record is
// brought to its app, as far as an org lets that be told: by id, by the menu
// item's API name, by label, and for apps of one label by the second in which
// they were made.
func FromEvidence(e *Evidence) *Inventory {
	read := metadata.Schema().ReadFiles(e.Org.Snapshot, e.Files)
	inv := FromFiles(read)
	inv.evidence = e
	inv.Namespace = e.namespace()
	inv.org = orgApp(e)
	j := &joiner{inv: inv, byID: map[string]*App{}, byName: map[string]*App{}, menu: map[string]Row{}}
	j.join()
	inv.index()
	return inv
}

func (e *Evidence) namespace() string {
	for _, r := range e.Tables[SrcOrganization] {
		return r["NamespacePrefix"]
	}
	return ""
}

// orgApp is the org as rules see it: its settings are its parts.
func orgApp(e *Evidence) *App {
	a := &App{Kind: KindOrg, Name: e.Org.Name, parts: map[string]*metadata.Component{}}
	for _, f := range e.Files {
		if !strings.HasPrefix(f.Path, "settings/") {
			continue
		}
		// The schema's table has only the settings that specs describe.
		if c, _, err := metadata.Decode(path.Join(e.Org.Snapshot, f.Path), f.Data); err == nil {
			a.parts[c.Type] = c
		}
	}
	return a
}

// joiner brings the records of an org to its apps.
type joiner struct {
	inv     *Inventory
	byID    map[string]*App // by the first 15 characters of an id
	byName  map[string]*App // by kind and key of the full name
	byLabel map[string][]*App
	menu    map[string]Row // menu items by the app's id
}

func (j *joiner) rows(source string) []Row { return j.inv.evidence.Tables[source] }

func short(id string) string { return id[:min(len(id), 15)] }

func (j *joiner) join() {
	for _, a := range j.inv.Apps {
		j.byName[a.Kind+"/"+j.inv.key(a.Name)] = a
		a.handed = a.parts != nil
	}
	for _, r := range j.rows(SrcMenu) {
		if r["ApplicationId"] != "" {
			j.menu[short(r["ApplicationId"])] = r
		}
	}
	j.listed()
	j.labels()
	j.connected()
	j.external()
	j.labels() // with the apps that only records tell of
	j.tokens()
	j.logins()
	j.grants()
	j.extras()
}

// app finds an app by its full name, or makes one.
func (j *joiner) app(kind, full string) *App {
	k := kind + "/" + j.inv.key(full)
	a := j.byName[k]
	if a == nil {
		a = &App{Kind: kind, Name: full}
		j.byName[k] = a
		j.inv.Apps = append(j.inv.Apps, a)
	}
	return a
}

// identify notes an app's id.
func (j *joiner) identify(a *App, id string) {
	if id == "" || strings.HasPrefix(id, "000") {
		return
	}
	a.ID = cmp.Or(a.ID, id)
	j.byID[short(id)] = a
}

func (j *joiner) listed() {
	kinds := map[string]string{metadata.TypeConnectedApp: KindConnectedApp, metadata.TypeApp: KindECA}
	for _, r := range j.rows(SrcList) {
		kind, ok := kinds[r["type"]]
		if !ok || r["fullName"] == "" {
			continue
		}
		a := j.app(kind, r["fullName"])
		a.listed, a.namespace, a.manageable = true, r["namespacePrefix"], r["manageableState"]
		a.created, a.modified = moment(r["createdDate"]), moment(r["lastModifiedDate"])
		if prefix := r["id"]; strings.HasPrefix(prefix, "0H4") || strings.HasPrefix(prefix, "0xI") {
			j.identify(a, prefix)
		}
	}
}

func (j *joiner) labels() {
	j.byLabel = map[string][]*App{}
	for _, a := range j.inv.Apps {
		if a.Label != "" {
			k := strings.ToLower(a.Label)
			j.byLabel[k] = append(j.byLabel[k], a)
		}
	}
}

// connected brings the records of installed Connected Apps to their apps.
func (j *joiner) connected() {
	for _, r := range j.rows(SrcConnected) {
		a := j.owner(r)
		if a == nil {
			a = j.app(KindConnectedApp, j.unusedName(r["Name"]))
		}
		a.registered, a.row = true, r
		a.Label = cmp.Or(a.Label, r["Name"])
		if a.modified.IsZero() {
			a.created, a.modified = moment(r["CreatedDate"]), moment(r["LastModifiedDate"])
		}
		j.identify(a, r["Id"])
		a.menu = j.menu[short(r["Id"])]
	}
}

// owner finds the app of a ConnectedApplication record; nil if there is none.
func (j *joiner) owner(r Row) *App {
	if a := j.byID[short(r["Id"])]; a != nil {
		return a
	}
	if m := j.menu[short(r["Id"])]; m["Name"] != "" {
		full := m["Name"]
		if ns := m["NamespacePrefix"]; ns != "" {
			full = ns + "__" + full
		}
		a := j.app(KindConnectedApp, full)
		a.namespace = cmp.Or(a.namespace, m["NamespacePrefix"])
		return a
	}
	var same []*App
	for _, a := range j.byLabel[strings.ToLower(r["Name"])] {
		if a.Kind == KindConnectedApp && !a.registered && a.ID == "" {
			same = append(same, a)
		}
	}
	if len(same) > 1 {
		made := moment(r["CreatedDate"])
		if i := slices.IndexFunc(same, func(a *App) bool { return !made.IsZero() && a.created.Equal(made) }); i >= 0 {
			return same[i]
		}
	}
	if len(same) > 0 {
		return same[0] // of several that nothing tells apart, each record takes one
	}
	for _, name := range []string{r["Name"], strings.ReplaceAll(r["Name"], " ", "_")} {
		if a := j.byName[KindConnectedApp+"/"+j.inv.key(name)]; a != nil && !a.registered && a.ID == "" && a.Label == "" {
			return a
		}
	}
	return nil
}

// unusedName keeps two apps of one label, of which no more is known, apart.
func (j *joiner) unusedName(label string) string {
	name := label
	for n := 2; j.byName[KindConnectedApp+"/"+j.inv.key(name)] != nil; n++ {
		name = label + " (" + strconv.Itoa(n) + ")"
	}
	return name
}

func (j *joiner) external() {
	for _, r := range j.rows(SrcApps) {
		full := r["DeveloperName"]
		if ns := r["NamespacePrefix"]; ns != "" && !strings.EqualFold(ns, j.inv.Namespace) {
			full = ns + "__" + full
		}
		if full == "" {
			continue
		}
		a := j.app(KindECA, full)
		a.registered, a.namespace = true, r["NamespacePrefix"]
		a.Label = cmp.Or(a.Label, r["MasterLabel"])
		if a.created.IsZero() {
			a.created, a.modified = moment(r["CreatedDate"]), moment(r["LastModifiedDate"])
		}
		j.identify(a, r["Id"])
	}
	for _, r := range j.rows(SrcPolicies) {
		if a := j.byID[short(r["ExternalClientApplicationId"])]; a != nil {
			a.policy = r
		}
	}
}

// named finds the apps that a label stands for. An org that has moved an app
// writes either name.
func (j *joiner) named(label string) []*App {
	if found := j.byLabel[strings.ToLower(label)]; len(found) > 0 {
		return found
	}
	var found []*App
	for _, kind := range []string{KindConnectedApp, KindECA} {
		if a := j.byName[kind+"/"+j.inv.key(label)]; a != nil {
			found = append(found, a)
		}
	}
	return found
}

// users finds the apps that use is counted for, and makes one for a label that
// nothing else in the org has: somebody approved an app that was not installed.
func (j *joiner) users(id, label string) []*App {
	if a := j.byID[short(id)]; id != "" && a != nil {
		return []*App{a}
	}
	if label == "" {
		return nil
	}
	if found := j.named(label); len(found) > 0 {
		for _, a := range found {
			a.share(found)
		}
		return found
	}
	a := j.app(KindConnectedApp, label)
	a.Label = label
	j.byLabel[strings.ToLower(label)] = []*App{a}
	return []*App{a}
}

// share notes with whom an app shares the label that use is counted by. A
// Connected App and the External Client App that it has become are one.
func (a *App) share(all []*App) {
	for _, other := range all {
		if other != a && other.Kind == a.Kind && !slices.Contains(a.use.shared, other.Name) {
			a.use.shared = append(a.use.shared, other.Name)
		}
	}
}

func (j *joiner) tokens() {
	for _, r := range j.rows(SrcTokens) {
		t := tokenUse{
			user: r["UserId"], uses: number(r["UseCount"]), used: moment(r["LastUsedDate"]), created: moment(r["CreatedDate"]),
		}
		switch r["User.IsActive"] {
		case "true":
			t.active = On
		case "false":
			t.active = Off
		}
		for _, a := range j.users(r["AppMenuItem.ApplicationId"], r["AppName"]) {
			a.use.tokens = append(a.use.tokens, t)
		}
	}
}

func (j *joiner) logins() {
	for _, r := range j.rows(SrcLogins) {
		l := loginUse{typ: r["LoginType"], sub: r["LoginSubType"], count: number(r["n"]), latest: moment(r["latest"])}
		apps := j.named(r["Application"])
		if l.oauth() {
			apps = j.users("", r["Application"])
		}
		for _, a := range apps {
			a.use.logins = append(a.use.logins, l)
		}
	}
	for _, r := range j.rows(SrcLoginUsers) {
		for _, a := range j.named(r["Application"]) {
			a.use.people += number(r["people"])
		}
	}
	for _, r := range j.rows(SrcLoginURLs) {
		for _, a := range j.named(r["Application"]) {
			if !slices.Contains(a.use.urls, r["LoginUrl"]) {
				a.use.urls = append(a.use.urls, r["LoginUrl"])
			}
		}
	}
	for _, r := range j.rows(SrcSOAPLogins) {
		j.soap(r["Application"], soapUse{r["ApiVersion"], number(r["n"]), moment(r["latest"])})
	}
	known := map[*App]bool{} // to the login history, which is not to be counted twice
	for _, a := range append(slices.Clone(j.inv.Apps), j.inv.org) {
		known[a] = len(a.use.soap) > 0
	}
	for _, r := range j.rows(SrcEventLog) {
		for _, a := range j.soapOf(r["app"]) {
			if r["resource"] == "login" && !known[a] {
				a.use.soap = append(a.use.soap, soapUse{r["version"], number(r["n"]), moment(r["latest"])})
			}
		}
	}
}

// soap notes SOAP logins.
func (j *joiner) soap(label string, s soapUse) {
	for _, a := range j.soapOf(label) {
		a.use.soap = append(a.use.soap, s)
	}
}

// soapOf finds the apps whose SOAP logins have a label; those of no app are the
// org's.
func (j *joiner) soapOf(label string) []*App {
	if apps := j.named(label); label != "" && len(apps) > 0 {
		return apps
	}
	return []*App{j.inv.org}
}

// A grant lets the users of a permission set or profile use an app.
type grant struct {
	parent  string // id of the permission set
	name    string
	profile bool
	users   int // -1 if that was not read
}

func (j *joiner) grants() {
	users := map[string]int{}
	for _, r := range j.rows(SrcAssignments) {
		users[short(r["PermissionSetId"])] = number(r["n"])
	}
	for _, r := range j.rows(SrcGrants) {
		a := j.byID[short(r["SetupEntityId"])]
		if a == nil {
			continue
		}
		g := grant{parent: r["ParentId"], name: cmp.Or(r["Parent.Label"], r["Parent.Name"], r["ParentId"]), profile: r["Parent.IsOwnedByProfile"] == "true", users: -1}
		if g.profile {
			g.name = cmp.Or(r["Parent.Profile.Name"], g.name)
		}
		if j.inv.read(SrcAssignments) {
			g.users = users[short(r["ParentId"])]
		}
		a.granted = append(a.granted, g)
	}
}

// extras are what has to be seen to when an app is carried over.
func (j *joiner) extras() {
	for _, r := range j.rows(SrcProvisioning) {
		if a := j.byID[short(r["ConnectedAppId"])]; a != nil && r["Enabled"] == "true" {
			a.provisioning = append(a.provisioning, cmp.Or(r["DeveloperName"], r["Id"]))
		}
	}
	for _, r := range j.rows(SrcCustomScopes) {
		if a := j.byID[short(r["ApplicationId"])]; a != nil {
			a.customScopes = append(a.customScopes, cmp.Or(r["OauthCustomScope.DeveloperName"], r["OauthCustomScopeId"]))
		}
	}
	for _, r := range j.rows(SrcExchange) {
		if a := j.byID[short(r["ConnectedApplicationId"])]; a != nil {
			a.exchange = append(a.exchange, r["OauthTokenExchangeHandlerId"])
		}
	}
}
