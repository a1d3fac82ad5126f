package orgtest

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// An elem is an element of a SOAP message. Names are those without a prefix:
// clients use any.
type elem struct {
	name     string
	text     string
	attrs    map[string]string
	children []*elem
}

func (e *elem) child(names ...string) *elem {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		for _, n := range names {
			if strings.EqualFold(c.name, n) {
				return c
			}
		}
	}
	return nil
}

// value is the text of the first child of one of some names; clients spell some
// of them differently, and an org takes them all.
func (e *elem) value(names ...string) string {
	if c := e.child(names...); c != nil {
		return strings.TrimSpace(c.text)
	}
	return ""
}

func (e *elem) all(name string) []*elem {
	var list []*elem
	for _, c := range e.children {
		if strings.EqualFold(c.name, name) {
			list = append(list, c)
		}
	}
	return list
}

// parseXML reads a message into elements, without document types and endless
// nesting.
func parseXML(data []byte) (*elem, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	root := &elem{}
	stack := []*elem{root}
	var texts []*strings.Builder
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("a document type declaration is not allowed")
		case xml.StartElement:
			if len(stack) > 64 {
				return nil, errors.New("the message nests too deep")
			}
			e := &elem{name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top := stack[len(stack)-1]
			top.children = append(top.children, e)
			stack, texts = append(stack, e), append(texts, &strings.Builder{})
		case xml.CharData:
			if len(texts) > 0 {
				_, _ = texts[len(texts)-1].Write(t) // a builder takes everything
			}
		case xml.EndElement:
			top := stack[len(stack)-1]
			if len(top.children) == 0 {
				top.text = texts[len(texts)-1].String()
			}
			stack, texts = stack[:len(stack)-1], texts[:len(texts)-1]
		}
	}
	if len(root.children) != 1 {
		return nil, errors.New("the message has no root element")
	}
	return root.children[0], nil
}

// soapOperation finds the operation of a message without reading all of it: a
// deploy's zip may follow.
func soapOperation(data []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(data[:min(len(data), 16<<10)]))
	inBody := false
	for {
		t, err := dec.RawToken()
		if err != nil {
			return ""
		}
		if s, ok := t.(xml.StartElement); ok {
			if inBody {
				return s.Name.Local
			}
			inBody = s.Name.Local == "Body"
		}
	}
}

// A soapCall is one operation.
type soapCall struct {
	op      string
	body    *elem
	version metadata.Version
	session *session
	partner bool // the partner API, which has login
	whole   bool // all or none of what is written is saved
}

const (
	invalidSession  = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash"
	metadataSpace   = "http://soap.sforce.com/2006/04/metadata"
	partnerSpace    = "urn:partner.soap.sforce.com"
	soapEnvelope    = "http://schemas.xmlsoap.org/soap/envelope/"
	schemaInstance  = "http://www.w3.org/2001/XMLSchema-instance"
	retiredVersions = 30
)

// A soapError is a fault.
type soapError struct{ code, text string }

func (e *soapError) Error() string { return e.code + ": " + e.text }

func (o *Org) serveSOAP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/services/Soap/"), "/") // m/66.0[/…]
	if len(parts) < 2 || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	v, err := metadata.ParseVersion(parts[1])
	if err != nil || strings.HasPrefix(parts[1], "v") || v <= retiredVersions || v > o.cfg.NewestVersion {
		writeFault(w, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	envelope, err := parseXML(data)
	if err != nil {
		writeFault(w, "soapenv:Client", err.Error())
		return
	}
	body := envelope.child("Body")
	if body == nil || len(body.children) == 0 {
		writeFault(w, "soapenv:Client", "No operation available for request")
		return
	}
	c := &soapCall{op: body.children[0].name, body: body.children[0], version: v, partner: parts[0] != "m"}
	c.whole = envelope.child("Header").child("AllOrNoneHeader").value("allOrNone") == "true"
	reply, err := o.call(c, envelope.child("Header").child("SessionHeader").value("sessionId"))
	if fault, ok := errors.AsType[*soapError](err); ok {
		writeFault(w, fault.code, fault.text)
		return
	}
	writeReply(w, c, reply)
}

// call runs an operation.
func (o *Org) call(c *soapCall, sessionID string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.partner && c.op == "login" {
		return o.soapLogin(c)
	}
	if c.session = o.tokens[sessionID]; c.session == nil || strings.HasPrefix(sessionID, "eyJ") && c.version < 68 {
		return "", &soapError{"INVALID_SESSION_ID", invalidSession}
	}
	if c.partner {
		return o.partnerCall(c, sessionID)
	}
	run, ok := soapOperations[c.op]
	if !ok {
		return "", &soapError{"soapenv:Client", "No operation available for request {" + metadataSpace + "}" + c.op}
	}
	return run(o, c)
}

// soapOperations are those of the Metadata API.
var soapOperations = map[string]func(*Org, *soapCall) (string, error){
	"deploy":                 (*Org).soapDeploy,
	"checkDeployStatus":      (*Org).soapCheckDeploy,
	"cancelDeploy":           (*Org).soapCancel,
	"deployRecentValidation": (*Org).soapQuick,
	"retrieve":               (*Org).soapRetrieve,
	"checkRetrieveStatus":    (*Org).soapCheckRetrieve,
	"checkStatus":            (*Org).soapCheckStatus,
	"listMetadata":           (*Org).soapList,
	"describeMetadata":       (*Org).soapDescribe,
	"describeValueType":      (*Org).soapDescribeValue,
	"readMetadata":           (*Org).soapRead,
	"createMetadata":         (*Org).soapWrite,
	"updateMetadata":         (*Org).soapWrite,
	"upsertMetadata":         (*Org).soapWrite,
	"deleteMetadata":         (*Org).soapDelete,
	"renameMetadata":         (*Org).soapRename,
}

func writeReply(w http.ResponseWriter, c *soapCall, inner string) {
	space := metadataSpace
	if c.partner {
		space = partnerSpace
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="%s" xmlns="%s" xmlns:xsi="%s"><soapenv:Body><%sResponse>%s</%sResponse></soapenv:Body></soapenv:Envelope>`,
		soapEnvelope, space, schemaInstance, c.op, inner, c.op) // the client may be gone; inner is written by xmlText
}

func writeFault(w http.ResponseWriter, code, text string) {
	if !strings.Contains(code, ":") {
		text = code + ": " + strings.TrimPrefix(text, code+": ")
		code = "sf:" + code
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="%s" xmlns:sf="%s"><soapenv:Body><soapenv:Fault><faultcode>%s</faultcode><faultstring>%s</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
		soapEnvelope, metadataSpace, code, xmlText(text)) // the client may be gone
}

// xmlText escapes a text.
func xmlText(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// An out is XML as it is written: fields in the order in which they are added.
type out struct{ b strings.Builder }

func (x *out) field(name, value string) *out {
	x.b.WriteString("<" + name + ">" + xmlText(value) + "</" + name + ">")
	return x
}

// optional leaves an empty value out.
func (x *out) optional(name, value string) *out {
	if value == "" {
		return x
	}
	return x.field(name, value)
}

func (x *out) bool(name string, v bool) *out { return x.field(name, fmt.Sprint(v)) }
func (x *out) int(name string, v int) *out   { return x.field(name, fmt.Sprint(v)) }

func (x *out) time(name string, t time.Time) *out {
	if t.IsZero() {
		return x
	}
	return x.field(name, stamp(t))
}

func (x *out) raw(name, inner string) *out {
	x.b.WriteString("<" + name + ">" + inner + "</" + name + ">")
	return x
}

func (x *out) String() string { return x.b.String() }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (o *Org) soapDeploy(c *soapCall) (string, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.body.value("ZipFile")), ""))
	if err != nil {
		return "", &soapError{"INVALID_FIELD", "the zip file is not base64"}
	}
	x := c.body.child("DeployOptions")
	is := func(name string) bool { return x.value(name) == "true" }
	d := o.begin(data, deployOptions{
		CheckOnly: is("checkOnly"), IgnoreWarnings: is("ignoreWarnings"), SinglePackage: is("singlePackage"), PurgeOnDelete: is("purgeOnDelete"),
		RollbackOnError: x == nil || x.value("rollbackOnError") != "false", TestLevel: x.value("testLevel"),
	}, c.session.user)
	return new(out).raw("result", new(out).bool("done", false).field("id", d.id).field("state", "Queued").String()).String(), nil
}

// deployment finds a deploy by its id, of 15 or 18 characters.
func (o *Org) deployment(id string) *deployment {
	if len(id) == 15 {
		id = longID(id)
	}
	return o.deploys[id]
}

var unknownID = &soapError{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"}

func (o *Org) soapCheckDeploy(c *soapCall) (string, error) {
	d := o.deployment(c.body.value("asyncProcessId", "id"))
	if d == nil {
		return "", unknownID
	}
	o.look(d)
	return new(out).raw("result", d.xml(c.body.value("includeDetails") == "true")).String(), nil
}

func (o *Org) soapCancel(c *soapCall) (string, error) {
	d := o.deployment(c.body.value("String", "id", "asyncProcessId"))
	switch {
	case d == nil:
		return "", unknownID
	case !o.cancel(d, c.session.user):
		return "", &soapError{"INVALID_ID_FIELD", "Deployment already completed"}
	}
	return new(out).raw("result", new(out).bool("done", true).field("id", d.id).String()).String(), nil
}

// quickly begins the deploy of a validation, or says why not.
func (o *Org) quickly(id string, user *User) (*deployment, *soapError) {
	v := o.deployment(id)
	switch {
	case v == nil:
		return nil, unknownID
	case v.source == nil || !v.done || !v.success:
		return nil, &soapError{"INVALID_ID_FIELD", "Can't quick deploy: the validation has not succeeded, or ran no tests"}
	}
	options := v.options
	options.CheckOnly = false
	return o.begin(v.source, options, user), nil
}

func (o *Org) soapQuick(c *soapCall) (string, error) {
	d, err := o.quickly(c.body.value("validationId", "validationID", "id"), c.session.user)
	if err != nil {
		return "", err
	}
	return new(out).field("result", d.id).String(), nil
}

// xml writes a deploy's result, its fields in alphabetical order.
func (d *deployment) xml(details bool) string {
	x := &out{}
	if d.canceled != nil {
		x.field("canceledBy", d.canceled.ID[:15]).field("canceledByName", d.canceled.Name)
	}
	x.bool("checkOnly", d.options.CheckOnly).time("completedDate", d.completed)
	x.field("createdBy", d.user.ID[:15]).field("createdByName", d.user.Name).time("createdDate", d.created)
	if details {
		x.raw("details", d.details())
	}
	x.bool("done", d.done)
	if d.error != "" {
		code, text, _ := strings.Cut(d.error, ": ")
		x.field("errorMessage", text).field("errorStatusCode", code)
	}
	errors, deployed := d.counts()
	x.field("id", d.id).bool("ignoreWarnings", d.options.IgnoreWarnings).time("lastModifiedDate", d.completed)
	x.int("numberComponentErrors", errors).int("numberComponentsDeployed", deployed).int("numberComponentsTotal", d.total).int("numberFiles", d.files)
	x.int("numberTestErrors", 0).int("numberTestsCompleted", 0).int("numberTestsTotal", 0)
	x.bool("rollbackOnError", d.options.RollbackOnError).bool("runTestsEnabled", d.options.TestLevel != "" && d.options.TestLevel != "NoTestRun")
	x.time("startDate", d.created).field("status", d.status).bool("success", d.success).int("zipSize", d.zipSize)
	return x.String()
}

// counts are of a deploy that is over; before, and where it was cancelled, an org
// has counted nothing.
func (d *deployment) counts() (errors, deployed int) {
	if !d.done || d.canceled != nil {
		return 0, 0
	}
	for _, m := range d.messages {
		switch {
		case m.Problem != "" && (!m.Warning || !d.options.IgnoreWarnings):
			errors++
		case m.Type != "":
			deployed++
		}
	}
	return errors, deployed
}

func (d *deployment) details() string {
	x := &out{}
	if d.done {
		for _, m := range d.messages {
			name := "componentSuccesses"
			if m.Problem != "" && (!m.Warning || !d.options.IgnoreWarnings) {
				name = "componentFailures"
			}
			x.raw(name, m.xml(d))
		}
	}
	x.raw("runTestResult", new(out).int("numFailures", 0).int("numTestsRun", 0).field("totalTime", "0.0").String())
	return x.String()
}

func (m message) kind() string {
	switch {
	case m.Warning:
		return "Warning"
	case m.Problem != "":
		return "Error"
	}
	return ""
}

func (m message) xml(d *deployment) string {
	x := &out{}
	x.bool("changed", m.Changed)
	if m.Column > 0 {
		x.int("columnNumber", m.Column)
	}
	x.field("componentType", m.Type).bool("created", m.Created).time("createdDate", d.created).bool("deleted", m.Deleted)
	x.field("fileName", m.File).field("fullName", m.Name).optional("id", m.ID)
	if m.Line > 0 {
		x.int("lineNumber", m.Line)
	}
	x.optional("problem", m.Problem).optional("problemType", m.kind())
	return x.bool("success", m.Problem == "" || m.Warning && d.options.IgnoreWarnings).String()
}
