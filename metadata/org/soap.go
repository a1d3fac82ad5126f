package org

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A node is an element of a SOAP body: text or children.
type node struct {
	name     string
	text     string
	children []node
}

func el(name string, children ...node) node { return node{name: name, children: children} }

func txt(name, text string) node { return node{name: name, text: text} }

func (n node) write(b *bytes.Buffer) {
	b.WriteString("<" + n.name + ">")
	if len(n.children) == 0 {
		_ = xml.EscapeText(b, []byte(n.text)) // a buffer takes everything
	}
	for _, c := range n.children {
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

const (
	envelopeSpace = "http://schemas.xmlsoap.org/soap/envelope/"
	metadataSpace = "http://soap.sforce.com/2006/04/metadata"
	// newestForJWT is the first version whose SOAP API takes tokens in JWT form.
	newestForJWT = 68
)

// envelope writes a call as the WSDL has it.
func envelope(token string, op node) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString(`<soapenv:Envelope xmlns:soapenv="` + envelopeSpace + `"><soapenv:Header><SessionHeader xmlns="` + metadataSpace + `">`)
	txt("sessionId", token).write(&b)
	b.WriteString(`</SessionHeader><CallOptions xmlns="` + metadataSpace + `"><client>ecactl</client></CallOptions></soapenv:Header><soapenv:Body>`)
	var body bytes.Buffer
	op.write(&body)
	b.WriteString(strings.Replace(body.String(), "<"+op.name+">", "<"+op.name+` xmlns="`+metadataSpace+`">`, 1))
	b.WriteString(`</soapenv:Body></soapenv:Envelope>`)
	return b.Bytes()
}

// reply is the envelope of an answer. Names are compared without their prefix.
type reply[T any] struct {
	Body struct {
		Fault    *fault `xml:"Fault"`
		Response struct {
			Result []T `xml:"result"`
		} `xml:",any"`
	} `xml:"Body"`
}

type fault struct {
	Code   string `xml:"faultcode"`
	String string `xml:"faultstring"`
}

// soap calls the Metadata API and returns its results: none, one or many.
func soap[T any](ctx context.Context, c *Client, op node, idempotent, heavy bool) ([]T, error) {
	if isJWT(c.currentToken().Reveal()) && c.cfg.APIVersion < newestForJWT {
		return nil, &diag.Problem{
			Code: "ECA526", Message: fmt.Sprintf("%s: the SOAP API takes no JWT-based access token before API %d.0", op.name, newestForJWT),
			Hint: "pass --api-version 68.0, or log in through an app that issues opaque tokens",
		}
	}
	r := request{
		op: op.name, method: http.MethodPost, path: "/services/Soap/m/" + c.cfg.APIVersion.String(), contentType: "text/xml; charset=UTF-8",
		body: func(token string) [][]byte { return [][]byte{envelope(token, op)} }, idempotent: idempotent, soap: true, heavy: heavy,
	}
	if heavy {
		r.limit = maxZipBody
	}
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	var out reply[T]
	if err := decodeXML(resp.body, &out); err != nil {
		err = &Error{Op: op.name, Status: resp.status, Code: "HTTP_UNREADABLE", Message: "the answer is not the XML that was expected: " + err.Error()}
		if !idempotent {
			return nil, fmt.Errorf("%w: %w", ErrAmbiguous, err)
		}
		return nil, err
	}
	return out.Body.Response.Result, nil
}

// soapOne is soap for calls that answer with one result.
func soapOne[T any](ctx context.Context, c *Client, op node, idempotent, heavy bool) (*T, error) {
	list, err := soap[T](ctx, c, op, idempotent, heavy)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		err := &Error{Op: op.name, Code: "HTTP_UNREADABLE", Message: fmt.Sprintf("the answer has %d results", len(list))}
		if !idempotent {
			return nil, fmt.Errorf("%w: %w", ErrAmbiguous, err)
		}
		return nil, err
	}
	return &list[0], nil
}

// soapFailure reads a fault, or what something in between has answered.
func soapFailure(op string, r *response) *Error {
	looksLikeXML := strings.Contains(r.header.Get("Content-Type"), "xml") && !bytes.Contains(bytes.ToLower(r.body[:min(len(r.body), 512)]), []byte("<html"))
	if !looksLikeXML {
		e := &Error{Op: op, Status: r.status, Code: fmt.Sprintf("HTTP_%d", r.status), Message: http.StatusText(r.status)}
		if r.status < 300 {
			e.Code, e.Message = wrongContent, "the answer is not XML; is there a proxy or a login page in between?"
		}
		return e
	}
	if r.status < 300 && !bytes.Contains(r.body[:min(len(r.body), 1024)], []byte("Fault>")) {
		return nil
	}
	var out reply[struct{}]
	if err := decodeXML(r.body, &out); err != nil || out.Body.Fault == nil {
		if r.status < 300 {
			return nil // decoding it says what is wrong
		}
		return &Error{Op: op, Status: r.status, Code: fmt.Sprintf("HTTP_%d", r.status), Message: http.StatusText(r.status)}
	}
	f := out.Body.Fault
	code := f.Code[strings.LastIndexByte(f.Code, ':')+1:]
	return &Error{Op: op, Status: r.status, Code: redacted(code), Message: redacted(strings.TrimPrefix(f.String, code+": "))}
}

// maxDepth is far deeper than any answer nests.
const maxDepth = 64

// decodeXML reads an answer into a struct. It takes no document type, which can
// make a parser read other files, and no endless nesting.
func decodeXML(data []byte, into any) error {
	dec := xml.NewTokenDecoder(&guarded{Decoder: xml.NewDecoder(bytes.NewReader(data))})
	return dec.Decode(into)
}

type guarded struct {
	*xml.Decoder
	depth int
}

func (g *guarded) Token() (xml.Token, error) {
	t, err := g.RawToken()
	switch t.(type) {
	case xml.StartElement:
		if g.depth++; g.depth > maxDepth {
			return nil, errors.New("it nests too deep")
		}
	case xml.EndElement:
		g.depth--
	case xml.Directive:
		return nil, errors.New("it has a document type")
	}
	if err == io.EOF && g.depth > 0 { //nolint:errorlint // as Token returns it
		return nil, io.ErrUnexpectedEOF
	}
	return t, err
}

// isJWT tells whether an access token is in JWT form.
func isJWT(token string) bool {
	return strings.HasPrefix(token, "eyJ") && strings.Count(token, ".") == 2
}
