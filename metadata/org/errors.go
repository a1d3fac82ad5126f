package org

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ecactl/ecactl/metadata/secret"
)

// ErrAmbiguous is a request that may or may not have arrived, and that must not
// be sent again without looking.
var ErrAmbiguous = errors.New("the request may have arrived")

// An Error is what Salesforce said against a request, whichever way it said it:
// the JSON array of REST, the fault of SOAP, the object of the token endpoint,
// or a page of HTML from something in between.
type Error struct {
	Op      string // what was tried: "deploy", "query", "token"
	Status  int    // of HTTP
	Code    string // "INVALID_SESSION_ID", "invalid_grant", "HTTP_503"
	Message string
	Fields  []string
}

func (e *Error) Error() string {
	s := e.Code
	if e.Message != "" {
		s = strings.TrimPrefix(e.Code+": "+strings.TrimPrefix(e.Message, e.Code+": "), ": ")
	}
	if len(e.Fields) > 0 {
		s += " (" + strings.Join(e.Fields, ", ") + ")"
	}
	return e.Op + ": " + s
}

// restError reads the body of a REST answer that is no success.
func restError(op string, r *response) *Error {
	e := &Error{Op: op, Status: r.status, Code: fmt.Sprintf("HTTP_%d", r.status), Message: http.StatusText(r.status)}
	var list []struct {
		Message   string   `json:"message"`
		ErrorCode string   `json:"errorCode"`
		Fields    []string `json:"fields"`
	}
	body := r.body
	if len(body) > 0 && body[0] == '{' {
		body = append(append([]byte("["), body...), ']')
	}
	if json.Unmarshal(body, &list) == nil && len(list) > 0 && list[0].ErrorCode != "" {
		e.Code, e.Message, e.Fields = list[0].ErrorCode, list[0].Message, list[0].Fields
	} else if text := strings.TrimSpace(string(r.body)); len(text) > 0 && len(text) < 60 && text[0] != '<' && text[0] != '{' {
		e.Code = text // userinfo answers with one word: Bad_OAuth_Token
	}
	e.Code, e.Message = redacted(e.Code), redacted(e.Message)
	return e
}

// redacted takes out of an org's words what looks like a token: errors go into
// reports, and not to a terminal alone.
func redacted(text string) string { return secret.NewRedactor(io.Discard).Redact(text) }

// sessionOver tells whether an error is a session that has ended, and that a new
// token would mend.
func (e *Error) sessionOver() bool {
	switch {
	case e.Code == "Bad_OAuth_Token", e.Code == "Missing_OAuth_Token":
		return true
	case e.Code != "INVALID_SESSION_ID":
		return false
	}
	for _, final := range []string{"not valid for use with the REST API", "Connected app is not attached to Agent"} {
		if strings.Contains(e.Message, final) {
			return false
		}
	}
	return true
}
