package convert

// Twice lists the leaves that two rules spoke of: a mistake in the rules.
func (r *Result) Twice() []string { return r.app.twice }
