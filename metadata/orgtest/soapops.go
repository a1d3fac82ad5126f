package orgtest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// retrieval is one retrieve: its zip is handed out once.
type retrieval struct {
	id         string
	zip        []byte
	properties []*stored
	paths      []string
	messages   []string
	looks      int
	done       bool
	gone       bool
	error      string
}

// Limits of calls, with the texts of the org.
const (
	maxListQueries = 3
	maxRecords     = 10
)

func (o *Org) soapRetrieve(c *soapCall) (string, error) {
	req := c.body.child("retrieveRequest", "request")
	pkg := req.child("unpackaged")
	r := &retrieval{id: o.newID("retrieve")}
	o.results[r.id] = r
	if req == nil || pkg == nil {
		r.error = "INVALID_CROSS_REFERENCE_KEY: No package named '" + req.value("packageNames") + "' found"
	} else if err := o.gather(r, pkg, req.value("singlePackage") == "true"); err != nil {
		return "", err
	}
	return new(out).raw("result", new(out).bool("done", false).field("id", r.id).field("state", "Queued").String()).String(), nil
}

// gather makes the zip of a retrieve.
func (o *Org) gather(r *retrieval, pkg *elem, single bool) error {
	version := o.cfg.NewestVersion
	if v, err := metadata.ParseVersion(pkg.value("version")); err == nil {
		version = v
	}
	manifest := &metadata.Manifest{Version: version}
	var files []metadata.File
	top := "unpackaged/"
	if single {
		top = ""
	}
	for _, types := range pkg.all("types") {
		typ := types.value("name")
		for _, member := range types.all("members") {
			list := o.members(typ, strings.TrimSpace(member.text))
			name := strings.TrimSpace(member.text)
			switch s := o.state.Components[key(typ, name)]; {
			case s != nil && s.Vendor:
				r.messages = append(r.messages, fmt.Sprintf("Load of metadata from db failed for metadata of type:%s and file name:%s.", typ, name))
			case list == nil && name != "*":
				r.messages = append(r.messages, fmt.Sprintf("Entity of type '%s' named '%s' cannot be found", typ, name))
			}
			for _, s := range list {
				if t := o.table.Type(s.Type); t != nil && !t.Has(version) {
					continue
				}
				file, err := o.file(s, version)
				if err != nil {
					return &soapError{"UNKNOWN_EXCEPTION", err.Error()}
				}
				manifest.AddName(typ, s.Name)
				file.Path = top + file.Path
				files = append(files, file)
				r.properties, r.paths = append(r.properties, s), append(r.paths, file.Path)
			}
		}
	}
	data, err := manifest.Encode()
	if err != nil {
		return &soapError{"UNKNOWN_EXCEPTION", err.Error()}
	}
	var zip bytes.Buffer
	if err := metadata.WriteZip(&zip, append(files, metadata.File{Path: top + "package.xml", Data: data})); err != nil {
		return &soapError{"UNKNOWN_EXCEPTION", err.Error()}
	}
	r.zip = zip.Bytes()
	return nil
}

// members are what a member of a package.xml stands for; apps of packages are
// listed by an org and not handed out.
func (o *Org) members(typ, name string) []*stored {
	if typ == "Settings" {
		var list []*stored
		for _, s := range o.all() {
			if strings.HasSuffix(s.Type, "Settings") && s.settingsName(o.table) != "" && (name == "*" || name == s.settingsName(o.table)) {
				list = append(list, s)
			}
		}
		return list
	}
	if name == "*" {
		return slices.DeleteFunc(o.sorted(typ), func(s *stored) bool { return s.Namespace != "" || s.Vendor })
	}
	if s := o.state.Components[key(typ, name)]; s != nil && s.Namespace == "" && !s.Vendor {
		return []*stored{s}
	}
	return nil
}

// settingsName is the name of a settings component, or "".
func (s *stored) settingsName(t *metadata.Table) string {
	if typ := t.Type(s.Type); typ != nil {
		if typ.IsSettings() {
			return typ.SettingsName()
		}
		return ""
	}
	return strings.TrimSuffix(s.Type, "Settings")
}

// file is a component's file in mdapi layout.
func (o *Org) file(s *stored, v metadata.Version) (metadata.File, error) {
	c := o.renderedAt(s, v)
	data, err := o.table.Encode(c)
	if err != nil {
		return metadata.File{}, err
	}
	p := "settings/" + s.settingsName(o.table) + ".settings"
	if o.table.Type(s.Type) != nil {
		if p, err = o.table.Path(c, metadata.MDAPI); err != nil {
			return metadata.File{}, err
		}
	}
	return metadata.File{Path: p, Data: data}, nil
}

func (o *Org) soapCheckRetrieve(c *soapCall) (string, error) {
	r := o.results[c.body.value("asyncProcessId", "id")]
	if r == nil || r.gone {
		return "", unknownID
	}
	if r.looks < o.cfg.PendingPolls {
		r.looks++
		return new(out).raw("result", new(out).bool("done", false).field("id", r.id).field("status", "InProgress").bool("success", false).String()).String(), nil
	}
	r.done = true
	x := new(out).bool("done", true)
	if r.error != "" {
		x.field("errorMessage", r.error).field("errorStatusCode", "UNKNOWN_EXCEPTION").field("id", r.id).field("status", "Failed").bool("success", false)
		return new(out).raw("result", x.String()+`<zipFile xsi:nil="true"/>`).String(), nil
	}
	for i, s := range r.properties {
		x.raw("fileProperties", o.properties(s, r.paths[i]))
	}
	x.raw("fileProperties", new(out).field("createdById", o.state.Users[0].ID).field("createdByName", o.state.Users[0].Name).time("createdDate", o.cfg.Now()).
		field("fileName", "unpackaged/package.xml").field("fullName", "unpackaged/package.xml").field("id", "").field("lastModifiedById", o.state.Users[0].ID).
		field("lastModifiedByName", o.state.Users[0].Name).time("lastModifiedDate", o.cfg.Now()).field("manageableState", "unmanaged").field("type", "Package").String())
	x.field("id", r.id)
	for _, m := range r.messages {
		x.raw("messages", new(out).field("fileName", "unpackaged/package.xml").field("problem", m).String())
	}
	x.field("status", "Succeeded").bool("success", true)
	if c.body.value("includeZip") == "false" {
		return new(out).raw("result", x.String()+`<zipFile xsi:nil="true"/>`).String(), nil
	}
	x.field("zipFile", base64.StdEncoding.EncodeToString(r.zip))
	r.gone, r.zip = true, nil
	return new(out).raw("result", x.String()).String(), nil
}

// soapCheckStatus is the call with which older clients look at deploys and
// retrieves.
func (o *Org) soapCheckStatus(c *soapCall) (string, error) {
	id := c.body.value("asyncProcessId", "id")
	done := false
	if d := o.deployment(id); d != nil {
		o.look(d)
		done = d.done
	} else if r := o.results[id]; r != nil {
		r.looks++
		done = r.looks > o.cfg.PendingPolls
	} else {
		return "", unknownID
	}
	state := "InProgress"
	if done {
		state = "Completed"
	}
	return new(out).raw("result", new(out).bool("done", done).field("id", id).field("state", state).String()).String(), nil
}

// properties are what an org lists of a component.
func (o *Org) properties(s *stored, file string) string {
	u := o.state.Users[0]
	x := new(out).field("createdById", u.ID).field("createdByName", u.Name).time("createdDate", s.Created).field("fileName", file).field("fullName", s.Name)
	x.field("id", s.ID).field("lastModifiedById", u.ID).field("lastModifiedByName", u.Name).time("lastModifiedDate", s.Modified)
	state := "unmanaged"
	if s.Namespace != "" {
		state = "installed"
	}
	return x.field("manageableState", state).optional("namespacePrefix", s.Namespace).field("type", s.Type).String()
}

func (o *Org) soapList(c *soapCall) (string, error) {
	queries := c.body.all("queries")
	if len(queries) > maxListQueries {
		return "", &soapError{"LIMIT_EXCEEDED", "No more than 3 allowed in request"}
	}
	version := c.version
	if v, err := metadata.ParseVersion(c.body.value("asOfVersion")); err == nil {
		version = v
	}
	x := &out{}
	for _, q := range queries {
		typ := q.value("type")
		known := o.table.Type(typ)
		if known != nil && (!known.Has(version) || known.Directory == "" && !known.IsSettings()) || known == nil && !slices.Contains(otherTypes, typ) {
			return "", &soapError{"INVALID_TYPE", "Cannot use: " + typ + " in this version"}
		}
		for _, s := range o.sorted(typ) {
			file, err := o.table.Path(&metadata.Component{Type: s.Type, Name: s.Name}, metadata.MDAPI)
			if err != nil {
				file = s.Type + "/" + s.Name
			}
			x.raw("result", o.properties(s, file))
		}
	}
	return x.String(), nil
}

// otherTypes are those that clients list and an org of apps has none of.
var otherTypes = []string{"ApexClass", "ApexTrigger", "CustomObject", "CustomField", "PermissionSet", "Profile", "Settings", "Layout", "Flow", "Certificate", "OauthCustomScope", "OauthTokenExchangeHandler", "CustomApplication"}

func (o *Org) soapDescribe(c *soapCall) (string, error) {
	version := c.version
	if v, err := metadata.ParseVersion(c.body.value("asOfVersion", "apiVersion")); err == nil {
		version = v
	}
	x := &out{}
	for _, t := range o.table.Components() {
		if t.Has(version) && !t.IsSettings() {
			x.raw("metadataObjects", new(out).field("directoryName", t.Directory).bool("inFolder", false).bool("metaFile", false).field("suffix", t.Suffix).field("xmlName", t.Name).String())
		}
	}
	x.raw("metadataObjects", new(out).field("directoryName", "settings").bool("inFolder", false).bool("metaFile", false).field("suffix", "settings").field("xmlName", "Settings").String())
	x.field("organizationNamespace", "").bool("partialSaveAllowed", o.cfg.Kind != "production").bool("testRequired", o.cfg.Kind == "production")
	return new(out).raw("result", x.String()).String(), nil
}

func (o *Org) soapDescribeValue(c *soapCall) (string, error) {
	name := c.body.value("type")
	t := o.table.Type(name[strings.LastIndexByte(name, '}')+1:])
	if t == nil || !t.Has(c.version) {
		return "", &soapError{"INVALID_TYPE", "Unknown type: " + name}
	}
	x := new(out).bool("apiCreatable", true).bool("apiDeletable", true).bool("apiReadable", true).bool("apiUpdatable", true)
	for _, f := range t.Fields {
		if !f.Has(c.version) {
			continue
		}
		occurs := 1
		if f.Repeated {
			occurs = 0
		}
		x.raw("valueTypeFields", new(out).bool("isForeignKey", f.Name == metadata.FieldApp).bool("isNameField", false).int("minOccurs", map[bool]int{true: 1}[f.Required]).
			int("maxOccurs", occurs).field("name", f.Name).field("soapType", strings.TrimPrefix(f.Type, "xsd:")).bool("valueRequired", f.Required).String())
	}
	return new(out).raw("result", x.String()).String(), nil
}

func (o *Org) soapRead(c *soapCall) (string, error) {
	names := c.body.all("fullNames")
	if len(names) > maxRecords {
		return "", &soapError{"EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 10 records in this operation"}
	}
	typ := c.body.value("type")
	if known := o.table.Type(typ); known != nil && !known.Has(c.version) {
		return "", &soapError{"INVALID_TYPE", "Cannot use: " + typ + " in this version"}
	}
	var b strings.Builder
	for _, n := range names {
		s := o.state.Components[key(typ, strings.TrimSpace(n.text))]
		if s == nil || s.Namespace != "" || s.Vendor {
			b.WriteString(`<records xsi:nil="true"/>`)
			continue
		}
		b.WriteString(`<records xsi:type="` + xmlText(typ) + `">` + new(out).field("fullName", s.Name).String())
		for _, e := range o.renderedAt(s, c.version).Root.Children {
			writeElement(&b, e)
		}
		b.WriteString("</records>")
	}
	return "<result>" + b.String() + "</result>", nil
}

func writeElement(b *strings.Builder, e *metadata.Element) {
	b.WriteString("<" + e.Name + ">")
	if len(e.Children) == 0 {
		b.WriteString(xmlText(e.Text))
	}
	for _, c := range e.Children {
		writeElement(b, c)
	}
	b.WriteString("</" + e.Name + ">")
}

// soapWrite is createMetadata, updateMetadata and upsertMetadata: each component
// by itself, checked as in a deploy.
func (o *Org) soapWrite(c *soapCall) (string, error) {
	items := c.body.all("metadata")
	if len(items) > maxRecords {
		return "", &soapError{"EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 10 records in this operation"}
	}
	components, consumers := maps.Clone(o.state.Components), maps.Clone(o.state.Consumers)
	results := make([]writeResult, 0, len(items))
	for _, item := range items {
		typ := item.attrs["type"]
		component := metadata.NewComponent(typ[strings.LastIndexByte(typ, ':')+1:], item.value("fullName"))
		if t := o.table.Type(component.Type); t == nil || !t.Has(c.version) || t.Directory == "" && !t.IsSettings() {
			return "", &soapError{"INVALID_TYPE", "Cannot use: " + component.Type + " in this version"}
		}
		for _, child := range item.children {
			if child.name != "fullName" {
				component.Root.Add(toElement(child))
			}
		}
		there := o.state.Components[key(component.Type, component.Name)]
		created, problem := there == nil, ""
		switch {
		case c.op == "createMetadata" && there != nil:
			problem = "DUPLICATE_VALUE: duplicate value found: DeveloperName duplicates value on record with id: " + there.ID
		case c.op == "updateMetadata" && there == nil:
			problem = "INVALID_CROSS_REFERENCE_KEY: no " + component.Type + " named " + component.Name + " found"
		default:
			problem = o.writeOne(c, component)
		}
		results = append(results, writeResult{component.Name, problem, created})
	}
	if c.whole && slices.ContainsFunc(results, func(r writeResult) bool { return r.problem != "" }) {
		o.state.Components, o.state.Consumers = components, consumers
		for i := range results {
			results[i].problem = cmp.Or(results[i].problem, "ALL_OR_NONE_OPERATION_ROLLED_BACK: Record rolled back because not all records were valid and the request was using AllOrNone header")
		}
	}
	x := &out{}
	for _, r := range results {
		x.raw("result", r.xml(c.op == "upsertMetadata"))
	}
	return x.String(), nil
}

// A writeResult is what became of one component that was written.
type writeResult struct {
	name, problem string
	created       bool
}

func (r writeResult) xml(upsert bool) string {
	x := &out{}
	if upsert {
		x.bool("created", r.created && r.problem == "")
	}
	if r.problem != "" {
		code, text, ok := strings.Cut(r.problem, ": ")
		if !ok || strings.Contains(code, " ") {
			code, text = "FIELD_INTEGRITY_EXCEPTION", r.problem
		}
		x.raw("errors", new(out).field("message", text).field("statusCode", code).String())
	}
	return x.field("fullName", r.name).bool("success", r.problem == "").String()
}

func toElement(e *elem) *metadata.Element {
	m := &metadata.Element{Name: e.name, Text: e.text, Nil: e.attrs["nil"] == "true"}
	for _, c := range e.children {
		m.Add(toElement(c))
	}
	return m
}

// writeOne saves one component and returns what the org has against it.
func (o *Org) writeOne(c *soapCall, component *metadata.Component) string {
	d := &deployment{user: c.session.user, options: deployOptions{IgnoreWarnings: true, RollbackOnError: true}, created: o.cfg.Now().UTC()}
	s := &staging{org: o, deploy: d, version: c.version, parts: o.partsByApp(0), apps: map[string]bool{}}
	for _, app := range o.sorted(metadata.TypeApp) {
		s.apps[app.Name] = true
	}
	s.entries = []*entry{{path: component.Name, component: component}}
	s.check()
	for _, m := range d.messages {
		if m.Problem != "" && !m.Warning {
			return m.Problem
		}
	}
	s.commit()
	return ""
}

func (o *Org) soapDelete(c *soapCall) (string, error) {
	names := c.body.all("fullNames")
	if len(names) > maxRecords {
		return "", &soapError{"EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 10 records in this operation"}
	}
	x := &out{}
	for _, n := range names {
		name, typ := strings.TrimSpace(n.text), c.body.value("type")
		s := &staging{org: o, deploy: &deployment{}, parts: o.partsByApp(0), apps: map[string]bool{}}
		there := o.state.Components[key(typ, name)]
		r := &out{}
		if there == nil || there.Namespace != "" {
			r.raw("errors", new(out).field("message", fmt.Sprintf("no %s named %s found", typ, name)).field("statusCode", "INVALID_CROSS_REFERENCE_KEY").String())
		} else {
			s.gone = append(s.gone, there)
			s.forget(there)
			s.commit()
		}
		x.raw("result", r.field("fullName", name).bool("success", there != nil && there.Namespace == "").String())
	}
	return x.String(), nil
}

func (o *Org) soapRename(c *soapCall) (string, error) {
	typ, from, to := c.body.value("type"), c.body.value("oldFullName"), c.body.value("newFullName")
	there := o.state.Components[key(typ, from)]
	r := &out{}
	if there == nil || o.state.Components[key(typ, to)] != nil {
		r.raw("errors", new(out).field("message", fmt.Sprintf("no %s named %s found, or there is one named %s", typ, from, to)).field("statusCode", "INVALID_CROSS_REFERENCE_KEY").String())
		return new(out).raw("result", r.field("fullName", from).bool("success", false).String()).String(), nil
	}
	delete(o.state.Components, key(typ, from))
	there.Name = to
	o.state.Components[key(typ, to)] = there
	return new(out).raw("result", r.field("fullName", to).bool("success", true).String()).String(), nil
}

// soapLogin is the login of the partner API: gone from version 65 on.
func (o *Org) soapLogin(c *soapCall) (string, error) {
	if c.version >= 65 {
		return "", &soapError{"INVALID_OPERATION", "SOAP API login() is disabled by default in this org."}
	}
	u := o.userByName(c.body.value("username"))
	if u == nil || u.Inactive || u.Password != "" && u.Password != c.body.value("password") {
		return "", &soapError{"INVALID_LOGIN", "Invalid username, password, security token; or user locked out."}
	}
	token := o.newSession(u.ID, "", []string{"full"}, "")
	x := new(out).field("metadataServerUrl", o.url+"/services/Soap/m/"+c.version.String()+"/"+o.state.OrgID).bool("passwordExpired", false).bool("sandbox", o.cfg.Kind == "sandbox")
	x.field("serverUrl", o.url+"/services/Soap/u/"+c.version.String()+"/"+o.state.OrgID).field("sessionId", token).field("userId", u.ID)
	x.raw("userInfo", new(out).field("organizationId", o.state.OrgID).field("organizationName", o.state.Name).field("userEmail", u.Email).field("userFullName", u.Name).field("userId", u.ID).field("userName", u.Username).String())
	return new(out).raw("result", x.String()).String(), nil
}

// partnerCall is what else clients ask of the partner API.
func (o *Org) partnerCall(c *soapCall, sessionID string) (string, error) {
	switch c.op {
	case "logout":
		delete(o.tokens, sessionID)
		return "", nil
	case "getUserInfo":
		u := c.session.user
		return new(out).raw("result", new(out).field("organizationId", o.state.OrgID).field("organizationName", o.state.Name).field("userEmail", u.Email).
			field("userFullName", u.Name).field("userId", u.ID).field("userName", u.Username).String()).String(), nil
	}
	return "", &soapError{"soapenv:Client", "No operation available for request {" + partnerSpace + "}" + cmp.Or(c.op, "?")}
}
