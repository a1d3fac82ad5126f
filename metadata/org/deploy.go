package org

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"time"

	gojson "github.com/goccy/go-json" // thousands of components are megabytes, of which it reads seven in the time of one

	"github.com/ecactl/ecactl/metadata/diag"
)

// What the Metadata API takes in one deploy or retrieve. The reference gives 39
// MB for SOAP; pages differ on whether REST takes more, so it is the limit for
// both.
const (
	MaxZip   = 39 << 20
	MaxFiles = 10_000
)

// checkZip refuses what an org would refuse after it was sent.
func checkZip(data []byte) error {
	if len(data) > MaxZip {
		return &diag.Problem{Code: "ECA527", Message: fmt.Sprintf("the deploy has %.1f MB, and the Metadata API takes %d MB", float64(len(data))/(1<<20), MaxZip>>20), Hint: "deploy the specs in several parts"}
	}
	files, err := zipEntries(data)
	if err != nil {
		return fmt.Errorf("reading the deploy's zip: %w", err)
	}
	if files > MaxFiles {
		return &diag.Problem{Code: "ECA527", Message: fmt.Sprintf("the deploy has %d files, and the Metadata API takes %d", files, MaxFiles), Hint: "deploy the specs in several parts"}
	}
	return nil
}

// zipEntries counts the entries of a zip: by the record at its end, if that is
// where it is without a comment and the count fits into it.
func zipEntries(data []byte) (int, error) {
	const endSize, countAt, tooMany = 22, 10, 0xFFFF
	if end := data[max(len(data)-endSize, 0):]; len(end) == endSize && bytes.HasPrefix(end, []byte("PK\x05\x06")) {
		if n := int(binary.LittleEndian.Uint16(end[countAt:])); n < tooMany {
			return n, nil
		}
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	return len(z.File), nil
}

// Deploy sends a zip and returns the id of the deploy. It is sent again only if
// it surely did not arrive; an error that is ErrAmbiguous is one that may have.
func (c *Client) Deploy(ctx context.Context, data []byte, o DeployOptions) (string, error) {
	if err := checkZip(data); err != nil {
		return "", err
	}
	if c.soapDeploys() {
		return c.deploySOAP(ctx, data, o)
	}
	options, err := json.Marshal(map[string]DeployOptions{"deployOptions": o})
	if err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	body, kind, err := multipartBody(options, data)
	if err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	var answer struct {
		ID string `json:"id"`
	}
	err = c.json(ctx, request{
		op: "deploy", method: http.MethodPost, path: c.data("metadata", "deployRequest"),
		contentType: kind, body: func(string) [][]byte { return body }, heavy: true,
	}, nil, &answer)
	return deployed(answer.ID, err)
}

// deployed is the outcome of sending a deploy: without an id, it may be there.
func deployed(id string, err error) (string, error) {
	if err == nil && checkID("a deploy", id) != nil {
		return "", fmt.Errorf("%w: the answer has no id", ErrAmbiguous)
	}
	return id, err
}

// multipartBody writes the two parts as the documentation of the REST API has
// them. The zip, which may be large, is a piece of its own.
func multipartBody(options, data []byte) (body [][]byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	begin := func(disposition, kind string) (io.Writer, error) {
		return w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {kind}})
	}
	out, err := begin(`form-data; name="json"`, "application/json")
	if err != nil {
		return nil, "", err
	}
	if _, err := out.Write(options); err != nil {
		return nil, "", err
	}
	if _, err := begin(`form-data; name="file"; filename="deploy.zip"`, "application/zip"); err != nil {
		return nil, "", err
	}
	head := b.Len()
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return [][]byte{b.Bytes()[:head], data, b.Bytes()[head:]}, w.FormDataContentType(), nil
}

// soapDeploys tells whether deploys go over SOAP. A token in JWT form, which
// SOAP refuses, goes over REST whatever was asked for.
func (c *Client) soapDeploys() bool {
	return c.cfg.Transport == "soap" && (!isJWT(c.currentToken().Reveal()) || c.cfg.APIVersion >= newestForJWT)
}

func (c *Client) deploySOAP(ctx context.Context, data []byte, o DeployOptions) (string, error) {
	options := el("DeployOptions",
		txt("checkOnly", strconv.FormatBool(o.CheckOnly)), txt("ignoreWarnings", strconv.FormatBool(o.IgnoreWarnings)),
		txt("purgeOnDelete", strconv.FormatBool(o.PurgeOnDelete)), txt("rollbackOnError", strconv.FormatBool(o.RollbackOnError)),
		txt("singlePackage", strconv.FormatBool(o.SinglePackage)))
	if o.TestLevel != "" {
		options.children = append(options.children, txt("testLevel", o.TestLevel))
	}
	r, err := soapOne[struct {
		ID string `xml:"id"`
	}](ctx, c, el("deploy", txt("ZipFile", base64.StdEncoding.EncodeToString(data)), options), false, true)
	if err != nil {
		return "", err
	}
	return deployed(r.ID, nil)
}

// DeployStatus asks how far a deploy is; details are what the org says of each
// component.
func (c *Client) DeployStatus(ctx context.Context, id string, details bool) (*DeployResult, error) {
	if err := checkID("a deploy", id); err != nil {
		return nil, err
	}
	if c.soapDeploys() {
		return soapOne[DeployResult](ctx, c, el("checkDeployStatus", txt("asyncProcessId", id), txt("includeDetails", strconv.FormatBool(details))), true, false)
	}
	var answer struct {
		DeployResult *DeployResult `json:"deployResult"`
	}
	r := request{op: "deploy status", method: http.MethodGet, path: c.data("metadata", "deployRequest", id), idempotent: true, unmarshal: gojson.Unmarshal}
	if details {
		r.query = url.Values{"includeDetails": {"true"}}
	}
	if err := c.json(ctx, r, nil, &answer); err != nil {
		return nil, err
	}
	if answer.DeployResult == nil {
		return nil, &Error{Op: r.op, Status: http.StatusOK, Code: "HTTP_UNREADABLE", Message: "the answer has no deployResult"}
	}
	return answer.DeployResult, nil
}

// CancelDeploy asks the org to end a deploy. That it was asked for is no promise
// that it ends: watch it.
func (c *Client) CancelDeploy(ctx context.Context, id string) error {
	if err := checkID("a deploy", id); err != nil {
		return err
	}
	if c.soapDeploys() {
		_, err := soap[struct{}](ctx, c, el("cancelDeploy", txt("String", id)), true, false)
		return err
	}
	body := map[string]any{"deployResult": map[string]string{"status": "Canceling"}}
	return c.json(ctx, request{op: "cancel", method: http.MethodPatch, path: c.data("metadata", "deployRequest", id), idempotent: true}, body, nil)
}

// QuickDeploy deploys what a validation has checked, and returns the id of the
// new deploy.
func (c *Client) QuickDeploy(ctx context.Context, validationID string) (string, error) {
	if err := checkID("a validation", validationID); err != nil {
		return "", err
	}
	if c.soapDeploys() {
		id, err := soapOne[string](ctx, c, el("deployRecentValidation", txt("validationId", validationID)), false, false)
		if err != nil {
			return "", err
		}
		return deployed(*id, nil)
	}
	var answer struct {
		ID string `json:"id"`
	}
	body := map[string]string{"validatedDeployRequestId": validationID}
	err := c.json(ctx, request{op: "quick deploy", method: http.MethodPost, path: c.data("metadata", "deployRequest")}, body, &answer)
	return deployed(answer.ID, err)
}

// RecentDeploys lists the user's own deploys since a moment of the org's clock,
// the newest first.
func (c *Client) RecentDeploys(ctx context.Context, since time.Time) ([]DeployRequest, error) {
	user, err := c.User(ctx)
	if err != nil {
		return nil, err
	}
	var list []DeployRequest
	err = c.ToolingQuery(ctx, "SELECT Id, Status, CheckOnly, CreatedDate, NumberComponentsTotal FROM DeployRequest WHERE CreatedById = "+Quote(user.ID)+
		" AND CreatedDate >= "+since.UTC().Format("2006-01-02T15:04:05Z")+" ORDER BY CreatedDate DESC LIMIT 50", func(r Row) error {
		var created Time
		_ = created.UnmarshalText([]byte(r.Text("CreatedDate"))) // the zero time if it is none
		list = append(list, DeployRequest{ID: r.Text("Id"), Status: r.Text("Status"), CheckOnly: r.Bool("CheckOnly"), CreatedDate: created.Time, NumberComponentsTotal: r.Int("NumberComponentsTotal")})
		return nil
	})
	return list, err
}

// LastDeploy is when the newest deploy of the org, whoever's it is, was created:
// by the org's clock, and to the millisecond. It is the zero time if there is
// none.
func (c *Client) LastDeploy(ctx context.Context) (time.Time, error) {
	var created Time
	err := c.ToolingQuery(ctx, "SELECT CreatedDate FROM DeployRequest ORDER BY CreatedDate DESC LIMIT 1", func(r Row) error {
		return created.UnmarshalText([]byte(r.Text("CreatedDate")))
	})
	return created.Time, err
}

// WaitOptions say how a deploy is watched.
type WaitOptions struct {
	Max    time.Duration // 0 is for ever
	Notify func(*DeployResult)
}

// The pauses between looks at a deploy grow from the first to the last: most
// deploys of apps are over within a second, and a long one is no sooner over for
// being asked about. The steps are sf's, by what the deploy holds.
const (
	firstPoll = 250 * time.Millisecond
	lastPoll  = 2 * time.Second
	largePoll = 5 * time.Second
	large     = 1000 // components
)

// maxLooksFailed is how many looks in a row may fail, beyond what each request
// tries for itself. A deploy that leaves Pending answers with an error for a
// moment.
const maxLooksFailed = 5

// Wait watches a deploy until it is over, and returns what it was last. A result
// that is not done is one for which Max was too short.
func (c *Client) Wait(ctx context.Context, id string, o WaitOptions) (*DeployResult, error) {
	start, pause, failed := c.cfg.Now(), firstPoll, 0
	var waited time.Duration
	for {
		r, err := c.DeployStatus(ctx, id, true)
		switch {
		case err == nil:
			failed = 0
			if o.Notify != nil {
				o.Notify(r)
			}
			if r.Done {
				return r, nil
			}
		case ctx.Err() != nil || !passes(err) || failed >= maxLooksFailed:
			return nil, err
		default:
			failed++
		}
		longest := lastPoll
		if r != nil && r.NumberComponentsTotal > large {
			longest = largePoll
		}
		if o.Max > 0 {
			left := o.Max - max(waited, c.cfg.Now().Sub(start))
			if left <= 0 && r != nil {
				return r, nil
			}
			pause = min(pause, max(left, time.Millisecond))
		}
		if err := c.cfg.Sleep(ctx, pause); err != nil {
			return nil, err
		}
		waited += pause
		pause = min(max(pause, firstPoll)*3/2, longest)
	}
}

// passes tells whether an error of a look at a deploy may pass by itself.
func passes(err error) bool {
	if _, ok := errors.AsType[*diag.Problem](err); ok {
		return false
	}
	var said *Error
	if !errors.As(err, &said) {
		return true // the network
	}
	return said.Code == "INVALID_CROSS_REFERENCE_KEY" || transient[said.Code] || said.Status >= 500 && !final[said.Code] || said.Code == "HTTP_UNREADABLE" || said.Code == wrongContent
}
