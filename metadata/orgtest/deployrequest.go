package orgtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// serveDeployRequest is the REST side of deploys.
func (o *Org) serveDeployRequest(c *call) {
	method := c.r.Method
	if over := c.query.Get("_HttpMethod"); over != "" && method == http.MethodPost {
		method = over
	}
	id, _, _ := strings.Cut(c.rest, "/")
	switch {
	case method == http.MethodPost && (id == "" || id == "validatedDeployRequestId"):
		o.restDeploy(c)
	case method == http.MethodGet && id != "":
		o.restStatus(c, id)
	case method == http.MethodPatch && id != "":
		o.restCancel(c, id)
	default:
		restFail(c.w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '"+method+"' not allowed. Allowed are GET, PATCH, POST")
	}
}

// flag reads a boolean that some clients write as a text.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	*f = flag(strings.Trim(string(data), `"`) == "true")
	return nil
}

type restOptions struct {
	CheckOnly       flag  `json:"checkOnly"`
	IgnoreWarnings  flag  `json:"ignoreWarnings"`
	RollbackOnError *flag `json:"rollbackOnError"`
	SinglePackage   flag  `json:"singlePackage"`
	PurgeOnDelete   flag  `json:"purgeOnDelete"`
	TestLevel       string
}

func (r restOptions) options() deployOptions {
	return deployOptions{
		CheckOnly: bool(r.CheckOnly), IgnoreWarnings: bool(r.IgnoreWarnings), RollbackOnError: r.RollbackOnError == nil || bool(*r.RollbackOnError),
		SinglePackage: bool(r.SinglePackage), PurgeOnDelete: bool(r.PurgeOnDelete), TestLevel: r.TestLevel,
	}
}

func (o *Org) restDeploy(c *call) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" {
		o.restQuick(c)
		return
	}
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		restFail(c.w, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The request has an unsupported content type")
		return
	}
	options, data, err := deployParts(multipart.NewReader(io.LimitReader(c.r.Body, maxRequest), params["boundary"]), min(max(c.r.ContentLength, 0), maxRequest))
	if err != nil || data == nil {
		restFail(c.w, http.StatusBadRequest, "INVALID_MULTIPART_REQUEST", "The multipart request has no file that can be read")
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.begin(data, options, c.session.user)
	writeJSON(c.w, http.StatusCreated, o.deployJSON(c, d, false))
}

// deployParts reads the options and the zip, in any order: the documentation
// calls the options json, and sf calls them entity_content.
func deployParts(m *multipart.Reader, size int64) (options deployOptions, data []byte, err error) {
	options.RollbackOnError = true
	for {
		part, err := m.NextPart()
		if err == io.EOF { //nolint:errorlint // as NextPart returns it
			return options, data, nil
		}
		if err != nil {
			return options, nil, err
		}
		var b bytes.Buffer
		if part.FileName() != "" {
			b.Grow(int(size) + bytes.MinRead) // it is nearly all of the request
		}
		if _, err := b.ReadFrom(part); err != nil {
			return options, nil, err
		}
		content := b.Bytes()
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			if content, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(content)), "")); err != nil {
				return options, nil, err
			}
		}
		switch part.FormName() {
		case "json", "entity_content":
			var body struct {
				DeployOptions restOptions `json:"deployOptions"`
			}
			if err := json.Unmarshal(content, &body); err != nil {
				return options, nil, err
			}
			options = body.DeployOptions.options()
		default:
			data = content
		}
	}
}

func (o *Org) restQuick(c *call) {
	var body struct {
		ID string `json:"validatedDeployRequestId"`
	}
	if err := json.NewDecoder(io.LimitReader(c.r.Body, 1<<16)).Decode(&body); err != nil || body.ID == "" {
		restFail(c.w, http.StatusBadRequest, "JSON_PARSER_ERROR", "The body has no validatedDeployRequestId")
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	d, refused := o.quickly(body.ID, c.session.user)
	if refused != nil {
		restFail(c.w, http.StatusNotFound, refused.code, refused.text)
		return
	}
	answer := o.deployJSON(c, d, false)
	answer["validatedDeployRequestId"] = body.ID
	writeJSON(c.w, http.StatusCreated, answer)
}

func (o *Org) restStatus(c *call, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.deployment(id)
	if d == nil {
		restFail(c.w, http.StatusNotFound, unknownID.code, unknownID.text)
		return
	}
	o.look(d)
	writeJSON(c.w, http.StatusOK, o.deployJSON(c, d, c.query.Get("includeDetails") == "true"))
}

func (o *Org) restCancel(c *call, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.deployment(id)
	switch {
	case d == nil:
		restFail(c.w, http.StatusNotFound, unknownID.code, unknownID.text)
	case !o.cancel(d, c.session.user):
		restFail(c.w, http.StatusBadRequest, "INVALID_ID_FIELD", "Deployment already completed")
	default:
		answer := o.deployJSON(c, d, false)
		answer["deployResult"].(map[string]any)["status"] = "Canceling" //nolint:forcetypeassert // made so below
		writeJSON(c.w, http.StatusAccepted, answer)
	}
}

// deployJSON writes a deploy as REST does: every field, null where there is
// nothing.
func (o *Org) deployJSON(c *call, d *deployment, details bool) map[string]any {
	errors, deployed := d.counts()
	result := map[string]any{
		"id": d.id, "status": d.status, "done": d.done, "success": d.success, "checkOnly": d.options.CheckOnly,
		"ignoreWarnings": d.options.IgnoreWarnings, "rollbackOnError": d.options.RollbackOnError, "runTestsEnabled": d.options.TestLevel != "" && d.options.TestLevel != "NoTestRun",
		"createdBy": d.user.ID[:15], "createdByName": d.user.Name, "createdDate": stamp(d.created), "startDate": stamp(d.created),
		"completedDate": orNull(d.completed), "lastModifiedDate": orNull(d.completed), "canceledBy": nil, "canceledByName": nil,
		"errorMessage": nil, "errorStatusCode": nil, "stateDetail": nil, "details": nil,
		"numberComponentErrors": errors, "numberComponentsDeployed": deployed, "numberComponentsTotal": d.total, "numberFiles": d.files,
		"numberTestErrors": 0, "numberTestsCompleted": 0, "numberTestsTotal": 0, "zipSize": d.zipSize,
	}
	if d.canceled != nil {
		result["canceledBy"], result["canceledByName"] = d.canceled.ID[:15], d.canceled.Name
	}
	if d.error != "" {
		code, text, _ := strings.Cut(d.error, ": ")
		result["errorStatusCode"], result["errorMessage"] = code, text
	}
	if details {
		result["details"] = d.detailsJSON()
	}
	return map[string]any{
		"id": d.id, "url": o.url + "/services/data/v" + c.version.String() + "/metadata/deployRequest/" + d.id + "?includeDetails=true",
		"deployResult": result, "deployOptions": d.options,
	}
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// componentJSON is what REST says of a component. A deploy has thousands of them,
// so it is no map.
type componentJSON struct {
	Changed       bool    `json:"changed"`
	ColumnNumber  *int    `json:"columnNumber"`
	ComponentType string  `json:"componentType"`
	Created       bool    `json:"created"`
	CreatedDate   string  `json:"createdDate"`
	Deleted       bool    `json:"deleted"`
	FileName      string  `json:"fileName"`
	FullName      string  `json:"fullName"`
	ID            *string `json:"id"`
	LineNumber    *int    `json:"lineNumber"`
	Problem       *string `json:"problem"`
	ProblemType   *string `json:"problemType"`
	Success       bool    `json:"success"`
}

func (d *deployment) detailsJSON() map[string]any {
	failures, successes := []componentJSON{}, []componentJSON{}
	created := stamp(d.created)
	if d.done {
		successes = make([]componentJSON, 0, len(d.messages))
		for _, m := range d.messages {
			failed := m.Problem != "" && (!m.Warning || !d.options.IgnoreWarnings)
			j := componentJSON{
				Changed: m.Changed, ComponentType: m.Type, Created: m.Created, CreatedDate: created, Deleted: m.Deleted,
				FileName: m.File, FullName: m.Name, ID: orAbsent(m.ID), Success: !failed, Problem: orAbsent(m.Problem),
				ProblemType: orAbsent(m.kind()), LineNumber: orAbsent(m.Line), ColumnNumber: orAbsent(m.Column),
			}
			if failed {
				failures = append(failures, j)
			} else {
				successes = append(successes, j)
			}
		}
	}
	return map[string]any{
		"componentFailures": failures, "componentSuccesses": successes, "retrieveResult": nil,
		"runTestResult": map[string]any{"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0, "failures": []any{}, "successes": []any{}, "codeCoverage": []any{}, "codeCoverageWarnings": []any{}},
	}
}

// orAbsent is null for "" and 0.
func orAbsent[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}
