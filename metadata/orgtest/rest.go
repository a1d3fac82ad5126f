package orgtest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest/soql"
)

// pageSize is how many records a page of a query has.
const pageSize = 2000

// cursor is what is left of a query.
type cursor struct {
	rows  []json.RawMessage
	total int
}

func (o *Org) serveQuery(c *call)        { o.query(c, false) }
func (o *Org) serveToolingQuery(c *call) { o.query(c, true) }

// base is the path of a call's API, without /query.
func (c *call) base(tooling bool) string {
	b := "/services/data/v" + c.version.String()
	if tooling {
		b += "/tooling"
	}
	return b
}

func (o *Org) query(c *call, tooling bool) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		restFail(c.w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '"+c.r.Method+"' not allowed. Allowed are GET, HEAD")
		return
	}
	size := pageSize
	if _, v, ok := strings.Cut(c.r.Header.Get("Sforce-Query-Options"), "batchSize="); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			size = min(max(n, 200), pageSize)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.rest != "" {
		o.nextPage(c, tooling, size)
		return
	}
	result, err := o.engine.Query(c.query.Get("q"), tooling)
	if refused, ok := errors.AsType[*soql.Error](err); ok {
		restFail(c.w, http.StatusBadRequest, refused.Code, refused.Message)
		return
	}
	if c.query.Get("columns") == "true" {
		object := soql.Find(result.Object)
		columns := result.Columns
		if columns == nil {
			columns = []soql.Column{}
		}
		writeJSON(c.w, http.StatusOK, map[string]any{"columnMetadata": columns, "entityName": result.Object, "groupBy": result.Grouped, "idSelected": slices.ContainsFunc(columns, func(c soql.Column) bool { return c.Name == "Id" }), "keyPrefix": object.KeyPrefix})
		return
	}
	if result.CountOnly {
		writeJSON(c.w, http.StatusOK, map[string]any{"totalSize": result.Count, "done": true, "records": []any{}})
		return
	}
	rows := make([]json.RawMessage, len(result.Records))
	for i, r := range result.Records {
		rows[i] = r.JSON(c.base(tooling))
	}
	if object := soql.Find(result.Object); object.MaxRows > 0 {
		size = min(size, 500) // such as OauthToken: pages of 500
	}
	o.page(c, tooling, size, &cursor{rows, len(rows)}, result.Object, 0)
}

// page writes a page, and keeps the rest under an id.
func (o *Org) page(c *call, tooling bool, size int, cur *cursor, entity string, from int) {
	rows := cur.rows
	answer := map[string]any{"totalSize": cur.total, "done": len(rows) <= size, "records": rows[:min(size, len(rows))]}
	if tooling {
		answer["size"], answer["entityTypeName"], answer["queryLocator"] = min(size, len(rows)), entity, nil
	}
	if len(rows) > size {
		id := "01g" + rand.Text()[:15]
		o.cursors[id] = &cursor{rows[size:], cur.total}
		answer["nextRecordsUrl"] = fmt.Sprintf("%s/query/%s-%d", c.base(tooling), id, from+size)
	}
	writeJSON(c.w, http.StatusOK, answer)
}

func (o *Org) nextPage(c *call, tooling bool, size int) {
	id, at, _ := strings.Cut(c.rest, "-")
	cur := o.cursors[id]
	if cur == nil {
		restFail(c.w, http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
		return
	}
	from, _ := strconv.Atoi(at) // 0 only names the next page worse
	if len(cur.rows) < cur.total && size > 500 && from%pageSize != 0 {
		size = 500
	}
	o.page(c, tooling, size, cur, "", from)
}

// serveObjects is sobjects: the list, a describe, a record.
func (o *Org) serveObjects(c *call)        { o.objects(c, false) }
func (o *Org) serveToolingObjects(c *call) { o.objects(c, true) }

func (o *Org) objects(c *call, tooling bool) {
	name, rest, _ := strings.Cut(c.rest, "/")
	if name == "" {
		list := []map[string]any{}
		for _, object := range soql.Objects() {
			if object.Tooling && !tooling || object.DataOnly && tooling {
				continue
			}
			list = append(list, map[string]any{"name": object.Name, "keyPrefix": object.KeyPrefix, "queryable": true, "urls": map[string]string{"describe": c.base(tooling) + "/sobjects/" + object.Name + "/describe"}})
		}
		writeJSON(c.w, http.StatusOK, map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
		return
	}
	object := soql.Find(name)
	switch {
	case object == nil || object.Tooling && !tooling || object.DataOnly && tooling:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case rest == "describe":
		c.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		_, _ = c.w.Write(object.Describe(c.base(tooling))) // the client may be gone
	case strings.HasSuffix(rest, "/LogFile"):
		o.serveLogFile(c, object, strings.TrimSuffix(rest, "/LogFile"))
	case rest == "":
		writeJSON(c.w, http.StatusOK, map[string]any{"objectDescribe": map[string]any{"name": object.Name, "keyPrefix": object.KeyPrefix}, "recentItems": []any{}})
	default:
		o.serveRecord(c, object, rest, tooling)
	}
}

// serveLogFile is the content of an event log, which a seed writes as LogFile.
func (o *Org) serveLogFile(c *call, object *soql.Object, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	rows, ok := source{o}.Rows(object.Name, false)
	if ok {
		for row := range rows {
			if content, _ := row["LogFile"].(string); row["Id"] == id && content != "" {
				c.w.Header().Set("Content-Type", "text/csv")
				_, _ = io.WriteString(c.w, content) // the client may be gone
				return
			}
		}
	}
	restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func (o *Org) serveRecord(c *call, object *soql.Object, id string, tooling bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	rows, ok := source{o}.Rows(object.Name, tooling)
	if !ok {
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
		return
	}
	for row := range rows {
		if own, _ := row["Id"].(string); own != "" && (own == id || len(own) == 18 && own[:15] == id) {
			record := soql.Record{Type: object.Name}
			for _, f := range object.Fields {
				record.Names, record.Values = append(record.Names, f.Name), append(record.Values, row[f.Name])
			}
			c.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
			_, _ = c.w.Write(record.JSON(c.base(tooling))) // the client may be gone
			return
		}
	}
	restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

// What one composite call takes; of its requests so many may be queries.
const (
	maxSubrequests = 25
	maxSubqueries  = 5
)

// serveComposite runs several requests, one after the other.
func (o *Org) serveComposite(c *call) {
	var body struct {
		AllOrNone bool `json:"allOrNone"`
		Requests  []struct {
			Method      string          `json:"method"`
			URL         string          `json:"url"`
			ReferenceID string          `json:"referenceId"`
			Body        json.RawMessage `json:"body"`
		} `json:"compositeRequest"`
	}
	if err := json.NewDecoder(io.LimitReader(c.r.Body, 1<<20)).Decode(&body); err != nil || len(body.Requests) == 0 || len(body.Requests) > maxSubrequests {
		restFail(c.w, http.StatusBadRequest, "INVALID_INPUT", "The body has to have 1 to 25 requests")
		return
	}
	queries := 0
	for _, r := range body.Requests {
		if strings.Contains(r.URL, "/query") {
			queries++
		}
	}
	if queries > maxSubqueries {
		restFail(c.w, http.StatusBadRequest, "INVALID_INPUT", "The composite request has more than 5 query or collection subrequests")
		return
	}
	list := []map[string]any{}
	for _, r := range body.Requests {
		status, header, answer := o.subrequest(c, r.Method, r.URL, r.Body)
		list = append(list, map[string]any{"body": answer, "httpHeaders": header, "httpStatusCode": status, "referenceId": r.ReferenceID})
	}
	writeJSON(c.w, http.StatusOK, map[string]any{"compositeResponse": list})
}

func (o *Org) serveBatch(c *call) {
	var body struct {
		HaltOnError bool `json:"haltOnError"`
		Requests    []struct {
			Method string          `json:"method"`
			URL    string          `json:"url"`
			Input  json.RawMessage `json:"richInput"`
		} `json:"batchRequests"`
	}
	if err := json.NewDecoder(io.LimitReader(c.r.Body, 1<<20)).Decode(&body); err != nil || len(body.Requests) == 0 || len(body.Requests) > maxSubrequests {
		restFail(c.w, http.StatusBadRequest, "INVALID_INPUT", "The body has to have 1 to 25 requests")
		return
	}
	list, failed := []map[string]any{}, false
	for _, r := range body.Requests {
		if failed && body.HaltOnError {
			list = append(list, map[string]any{"statusCode": http.StatusPreconditionFailed, "result": []map[string]any{{"errorCode": "BATCH_PROCESSING_HALTED", "message": "The batch processing is halted according to the haltOnError setting."}}})
			continue
		}
		status, answer := http.StatusBadRequest, any([]map[string]any{{"errorCode": "INVALID_BATCH_REQUEST", "message": "tooling resources are not for batches"}})
		if !strings.Contains(r.URL, "/tooling/") {
			status, _, answer = o.subrequest(c, r.Method, "/services/data/"+strings.TrimPrefix(r.URL, "/services/data/"), r.Input)
		}
		failed = failed || status >= 400
		list = append(list, map[string]any{"statusCode": status, "result": answer})
	}
	writeJSON(c.w, http.StatusOK, map[string]any{"hasErrors": failed, "results": list})
}

// subrequest answers one request of several.
func (o *Org) subrequest(c *call, method, target string, body json.RawMessage) (status int, header map[string]string, answer any) {
	u, err := url.Parse(target)
	if err != nil || !strings.HasPrefix(u.Path, "/services/data/v") || strings.Contains(u.Path, "/composite") {
		return http.StatusBadRequest, map[string]string{}, []map[string]any{{"errorCode": "INVALID_INPUT", "message": "the URL of a subrequest is a REST resource"}}
	}
	r, err := http.NewRequestWithContext(c.r.Context(), method, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return http.StatusBadRequest, map[string]string{}, []map[string]any{{"errorCode": "INVALID_INPUT", "message": err.Error()}}
	}
	r.Header.Set("Authorization", c.r.Header.Get("Authorization"))
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	o.serveData(rec, r)
	if json.Unmarshal(rec.body.Bytes(), &answer) != nil {
		answer = nil
	}
	return rec.status, map[string]string{}, answer
}

// source gives the engine the org's records: those that it has of itself, and
// those of the seed. The caller holds the lock.
type source struct{ o *Org }

// derived makes the records of objects that say what the org has.
var derived = map[string]func(*Org) []soql.Row{
	"Organization":              (*Org).organizationRows,
	"User":                      (*Org).userRows,
	"ExternalClientApplication": (*Org).appRows,
	"ConnectedApplication":      (*Org).connectedRows,
	"DeployRequest":             (*Org).deployRows,
	"UserPermissionAccess":      (*Org).permissionRows,
	"ExtlClntAppOauthPlcyCnfg":  (*Org).policyRows,
	"AppMenuItem":               (*Org).menuRows,
}

// Rows implements soql.Source.
func (s source) Rows(object string, _ bool) (iter.Seq[soql.Row], bool) {
	var own []soql.Row
	if make := derived[object]; make != nil {
		own = make(s.o)
	}
	seeded, made := s.o.state.Records[object], s.o.cfg.Rows[object]
	if known := soql.Find(object); known != nil && known.Seeded && len(seeded) == 0 && made == nil || s.o.denied(object) {
		return nil, false
	}
	return func(yield func(soql.Row) bool) {
		for _, row := range own {
			if !yield(row) {
				return
			}
		}
		for _, row := range seeded {
			if !yield(row) {
				return
			}
		}
		if made != nil {
			made(yield)
		}
	}, true
}

// denied tells whether a fault keeps an object from the user. An org says the same
// of an object that it does not have.
func (o *Org) denied(object string) bool {
	return slices.ContainsFunc(o.faults, func(f *Fault) bool { return f.Kind == "denied" && strings.EqualFold(f.Op, object) })
}

func (o *Org) organizationRows() []soql.Row {
	row := soql.Row{
		"Id": o.state.OrgID, "Name": o.state.Name, "InstanceName": "EMU1", "IsSandbox": o.cfg.Kind == "sandbox" || o.cfg.Kind == "scratch",
		"OrganizationType": "Developer Edition", "LanguageLocaleKey": "en_US",
	}
	if o.cfg.Kind == "production" || o.cfg.Kind == "sandbox" {
		row["OrganizationType"] = "Enterprise Edition"
	}
	if o.cfg.Kind == "scratch" {
		row["TrialExpirationDate"] = stamp(o.cfg.Now().AddDate(0, 0, 7))
	}
	return []soql.Row{row}
}

func (o *Org) userRows() []soql.Row {
	var rows []soql.Row
	for _, u := range o.state.Users {
		rows = append(rows, soql.Row{"Id": u.ID, "Username": u.Username, "Name": u.Name, "LastName": u.Name, "Email": u.Email, "IsActive": !u.Inactive, "UserType": "Standard"})
	}
	return rows
}

func (o *Org) appRows() []soql.Row {
	var rows []soql.Row
	for _, s := range o.sorted(metadata.TypeApp) {
		row := soql.Row{"Id": s.ID, "DeveloperName": metadata.BareName(s.Name), "MasterLabel": s.text("label"), "CreatedDate": stamp(s.Created), "LastModifiedDate": stamp(s.Modified), "CreatedById": o.state.Users[0].ID}
		for field, name := range map[string]string{"Description": "description", "ContactEmail": "contactEmail", "DistributionState": "distributionState"} {
			row[field] = textOrNull(s.text(name))
		}
		row["NamespacePrefix"] = textOrNull(s.Namespace)
		rows = append(rows, row)
	}
	return rows
}

func (o *Org) connectedRows() []soql.Row {
	var rows []soql.Row
	for _, s := range o.sorted(metadata.TypeConnectedApp) {
		row := soql.Row{"Id": s.ID, "Name": s.text("label"), "CreatedDate": stamp(s.Created), "LastModifiedDate": stamp(s.Modified), "CreatedById": o.state.Users[0].ID, "OptionsAllowAdminApprovedUsersOnly": false, "OptionsIsInternal": false}
		if config := s.content().Child("oauthConfig"); config != nil {
			if e := config.Child("isAdminApproved"); e != nil {
				row["OptionsAllowAdminApprovedUsersOnly"] = e.Text == "true"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// menuRows are the items of apps that the App Launcher shows: those with a place to
// start at, unless the seed has one.
func (o *Org) menuRows() []soql.Row {
	seeded := map[any]bool{}
	for _, row := range o.state.Records["AppMenuItem"] {
		id, _ := row["ApplicationId"].(string)
		seeded[id[:min(len(id), 15)]] = true
	}
	var rows []soql.Row
	for _, s := range o.sorted(metadata.TypeConnectedApp) {
		canvas := s.content().Child("canvasConfig")
		if seeded[s.ID[:15]] || s.text("startUrl") == "" && s.text("mobileStartUrl") == "" && canvas == nil {
			continue
		}
		row := soql.Row{
			"Id": longID("0DS" + s.ID[3:15]), "ApplicationId": s.ID[:15], "Name": metadata.BareName(s.Name), "Label": s.text("label"), "NamespacePrefix": textOrNull(s.Namespace),
			"Type": "ConnectedApplication", "IsAccessible": true, "IsVisible": true, "StartUrl": textOrNull(s.text("startUrl")), "CanvasEnabled": canvas != nil,
		}
		if canvas != nil {
			row["CanvasAccessMethod"] = textOrNull(childText(canvas, "accessMethod"))
			row["CanvasSelectedLocations"] = textOrNull(childText(canvas, "locations"))
		}
		rows = append(rows, row)
	}
	return rows
}

func childText(e *metadata.Element, name string) string {
	if c := e.Child(name); c != nil {
		return c.Text
	}
	return ""
}

func (o *Org) policyRows() []soql.Row {
	var rows []soql.Row
	for _, s := range o.sorted(typePolicy) {
		row := soql.Row{"Id": s.ID, "DeveloperName": s.Name, "ExternalClientApplicationId": textOrNull(o.appID(s.app()))}
		for field, name := range map[string]string{
			"PermittedUsersPolicyType": "permittedUsersPolicyType", "IpRelaxationPolicyType": "ipRelaxationPolicyType", "RefreshTokenPolicyType": "refreshTokenPolicyType",
			"RefreshTokenValidityUnit": "refreshTokenValidityUnit", "RequiredSessionLevel": "requiredSessionLevel", "ClientCredentialsFlowUser": "clientCredentialsFlowUser",
		} {
			row[field] = textOrNull(s.text(name))
		}
		rows = append(rows, row)
	}
	return rows
}

func (o *Org) deployRows() []soql.Row {
	var rows []soql.Row
	for _, d := range o.deploys {
		errors, deployed := d.counts()
		row := soql.Row{
			"Id": d.id, "Status": d.status, "CheckOnly": d.options.CheckOnly, "CreatedById": d.user.ID, "CreatedDate": stamp(d.created), "StartDate": stamp(d.created),
			"NumberComponentsTotal": d.total, "NumberComponentsDeployed": deployed, "NumberComponentErrors": errors, "CompletedDate": orNull(d.completed),
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b soql.Row) int { return strings.Compare(fmt.Sprint(a["Id"]), fmt.Sprint(b["Id"])) })
	return rows
}

// permissionRows is one record: what the first user may do, which is all that it is
// not said to lack.
func (o *Org) permissionRows() []soql.Row {
	row := soql.Row{"Id": "000000000000000AAA"}
	for _, f := range soql.Find("UserPermissionAccess").Fields {
		if f.Type == "boolean" {
			row[f.Name] = !slices.Contains(o.state.Users[0].Lacks, f.Name)
		}
	}
	return []soql.Row{row}
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
