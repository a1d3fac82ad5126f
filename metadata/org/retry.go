package org

import (
	"math"
	"time"
)

// Arrival says what is known of a request that did not succeed.
type Arrival int

// How far a request came.
const (
	NotSent  Arrival = iota // the org surely does not have it: no connection was made
	Maybe                   // it was sent, and no whole answer came back
	Answered                // the org, or something before it, answered
)

// An Attempt is a request that did not succeed.
type Attempt struct {
	Idempotent bool // sending it twice does what sending it once does
	Arrival    Arrival
	Status     int           // of HTTP, if it was answered
	Code       string        // Salesforce's, if it gave one
	RetryAfter time.Duration // what the answer asked for; 0 for nothing
	Number     int           // 1 for the first
	Jitter     float64       // 0 to 1
}

// What is tried at most, and how long a pause may be.
const (
	maxAttempts = 6
	firstPause  = 250 * time.Millisecond
	maxPause    = 8 * time.Second
	maxAsked    = 60 * time.Second // of a Retry-After that is honoured
)

// passing are the answers after which the same request may well succeed.
// refused says that the request was turned away before it was acted upon.
var passing = map[int]struct{ refused bool }{
	420: {true}, 429: {true}, 500: {}, 502: {}, 503: {true}, 504: {},
}

// wrongContent is an answer that is none of the org's: a page of HTML where JSON
// or XML should be. A proxy that says so once may not say so twice.
const (
	wrongContent    = "HTTP_WRONG_CONTENT"
	maxWrongContent = 4
)

// final are codes that repeating does not mend, whatever the status.
var final = map[string]bool{
	"REQUEST_LIMIT_EXCEEDED": true, "API_DISABLED_FOR_ORG": true, "INSUFFICIENT_ACCESS": true, "INVALID_SESSION_ID": true,
	"UNSUPPORTED_API_VERSION": true, "INVALID_TYPE": true, "LIMIT_EXCEEDED": true, "EXCEEDED_ID_LIMIT": true, "INVALID_ID_FIELD": true,
	"INVALID_CROSS_REFERENCE_KEY": true, "INVALID_LOGIN": true,
}

// transient are codes of SOAP faults, which all have the status 500, and of
// REST, that pass by themselves.
var transient = map[string]bool{"SERVER_UNAVAILABLE": true, "UNABLE_TO_LOCK_ROW": true, "API_CURRENTLY_DISABLED": true, "UNKNOWN_EXCEPTION": true}

// Retry decides whether a request is sent again, and after which pause.
func Retry(a Attempt) (pause time.Duration, again bool) {
	if a.Number >= maxAttempts || final[a.Code] {
		return 0, false
	}
	switch a.Arrival {
	case NotSent:
	case Maybe:
		if !a.Idempotent {
			return 0, false
		}
	case Answered:
		if a.Code == wrongContent {
			return firstPause, a.Idempotent && a.Number < maxWrongContent
		}
		p, ok := passing[a.Status]
		named := a.Code != "" && !transient[a.Code] && a.Code[:min(5, len(a.Code))] != "HTTP_"
		if !ok || named && a.Status == 500 || !a.Idempotent && !p.refused {
			return 0, false
		}
	}
	if a.RetryAfter > maxAsked {
		return 0, false
	}
	pause = time.Duration(float64(firstPause) * math.Pow(2, float64(a.Number-1)))
	pause = min(pause, maxPause)
	pause += time.Duration(a.Jitter * float64(pause) / 2)
	return max(pause, a.RetryAfter), true
}
