package org

import (
	"slices"
	"strings"
)

// Advice says what an error of Salesforce means and what to do about it.
type Advice struct {
	ID     string   // for explain: "SF-INVALID-SCOPE"
	Where  string   // "deploy", "api" or "token"
	Match  []string // all of them are in the text, in any case
	Says   string   // the text, as near as it is known
	Means  string
	Do     []string // what helps most often first
	Source string
}

const (
	sourceErrors = "metadata reference, known errors; deploys of public repositories"
	sourceOAuth  = "help: OAuth Authorization Flow Errors"
	sourceREST   = "REST API guide: Status Codes and Error Responses"
	sourceSOAP   = "Metadata API guide; WSDL"
)

// Advise finds the advice for a text; where narrows it, and "" is anywhere. The
// first entry of the table that fits is taken, so the narrow ones stand first.
func Advise(where, text string) *Advice {
	text = strings.ToLower(text)
	for i := range advices {
		a := &advices[i]
		if where != "" && a.Where != where && a.Where != "api" {
			continue
		}
		fits := true
		for _, m := range a.Match {
			fits = fits && strings.Contains(text, m)
		}
		if fits {
			return a
		}
	}
	if where == "" {
		return adviceSaying(text)
	}
	return nil
}

// adviceSaying finds the advice whose text has the given one in it: people leave out
// the code in front of what they look up.
func adviceSaying(text string) *Advice {
	const telling = 8 // characters: less is in too many
	text = strings.TrimSpace(text)
	for i := range advices {
		if len(text) >= telling && strings.Contains(strings.ToLower(advices[i].Says), text) {
			return &advices[i]
		}
	}
	return nil
}

// Advices lists all there are.
func Advices() []Advice { return slices.Clone(advices) }

// advices are all there are: those of deploys, of the APIs, and of the token
// endpoint.
var advices = slices.Concat(deployAdvices, apiAdvices, tokenAdvices)
