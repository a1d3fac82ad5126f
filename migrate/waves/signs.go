package waves

// Signs by which status recognises that a step is done. SignHand is none: no API
// tells, and a person has to know.
const (
	SignHand      = "by hand"
	SignFixed     = "finding gone"
	SignBackup    = "settings in a file"
	SignSuccessor = "successor in the org"
	SignSpec      = "spec in a file"
	SignNoDrift   = "no drift"
	SignGranted   = "granted"
	SignVerified  = "verified"
	SignInUse     = "in use"
	SignSilent    = "old one silent"
	SignGone      = "old one gone"
)

// Signs lists them.
func Signs() []string {
	return []string{SignHand, SignFixed, SignBackup, SignSuccessor, SignSpec, SignNoDrift, SignGranted, SignVerified, SignInUse, SignSilent, SignGone}
}
