package migrate

// Limits are the numbers from which on rules answer yes. A project's ecactl.yaml
// changes them.
type Limits struct {
	UnusedDays           int // without use, and an app is dormant
	ActiveDays           int // with use, and what will stop is an error
	CertificateDays      int // left of a certificate, and it is a warning
	CertificateErrorDays int // left of a certificate, and it is an error
	Scopes               int // more are many
	Users                int // more that have an app granted are many
	ChangedDays          int // since a change, and it is recent
	NeverUsedDays        int // since a token was made, and it should have been used
}

// DefaultLimits hold where a project says nothing.
var DefaultLimits = Limits{
	UnusedDays: 90, ActiveDays: 30, CertificateDays: 60, CertificateErrorDays: 30, Scopes: 6, Users: 200, ChangedDays: 14, NeverUsedDays: 30,
}
