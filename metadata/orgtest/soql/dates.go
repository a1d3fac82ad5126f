package soql

import "time"

// A span is a range of time, its end not included.
type span struct{ from, to time.Time }

// A dateLiteral is a word for a span, such as YESTERDAY or LAST_N_DAYS:n.
type dateLiteral struct {
	counted bool
	span    func(day time.Time, n int) span
}

// dateLiterals by their names, in lower case. day is the beginning of today. As
// in Salesforce, LAST_N_DAYS:n begins n days ago and includes today.
var dateLiterals = map[string]dateLiteral{
	"today":         {false, func(d time.Time, _ int) span { return span{d, d.AddDate(0, 0, 1)} }},
	"yesterday":     {false, func(d time.Time, _ int) span { return span{d.AddDate(0, 0, -1), d} }},
	"tomorrow":      {false, func(d time.Time, _ int) span { return span{d.AddDate(0, 0, 1), d.AddDate(0, 0, 2)} }},
	"this_week":     {false, func(d time.Time, _ int) span { return weeks(d, 0) }},
	"last_week":     {false, func(d time.Time, _ int) span { return weeks(d, -1) }},
	"this_month":    {false, func(d time.Time, _ int) span { return months(d, 0, 1) }},
	"last_month":    {false, func(d time.Time, _ int) span { return months(d, -1, 1) }},
	"this_year":     {false, func(d time.Time, _ int) span { return years(d, 0) }},
	"last_year":     {false, func(d time.Time, _ int) span { return years(d, -1) }},
	"last_90_days":  {false, func(d time.Time, _ int) span { return span{d.AddDate(0, 0, -90), d.AddDate(0, 0, 1)} }},
	"last_n_days":   {true, func(d time.Time, n int) span { return span{d.AddDate(0, 0, -n), d.AddDate(0, 0, 1)} }},
	"next_n_days":   {true, func(d time.Time, n int) span { return span{d.AddDate(0, 0, 1), d.AddDate(0, 0, n+1)} }},
	"n_days_ago":    {true, func(d time.Time, n int) span { return span{d.AddDate(0, 0, -n), d.AddDate(0, 0, 1-n)} }},
	"last_n_weeks":  {true, func(d time.Time, n int) span { return span{weeks(d, -n).from, weeks(d, 0).from} }},
	"last_n_months": {true, func(d time.Time, n int) span { return months(d, -n, n) }},
	"last_n_years":  {true, func(d time.Time, n int) span { return span{years(d, -n).from, years(d, 0).from} }},
	"n_months_ago":  {true, func(d time.Time, n int) span { return months(d, -n, 1) }},
	"next_90_days":  {false, func(d time.Time, _ int) span { return span{d.AddDate(0, 0, 1), d.AddDate(0, 0, 91)} }},
	"next_month":    {false, func(d time.Time, _ int) span { return months(d, 1, 1) }},
	"next_n_months": {true, func(d time.Time, n int) span { return months(d, 1, n) }},
}

func weeks(day time.Time, n int) span {
	start := day.AddDate(0, 0, -int(day.Weekday())+7*n)
	return span{start, start.AddDate(0, 0, 7)}
}

func months(day time.Time, n, count int) span {
	start := time.Date(day.Year(), day.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return span{start, start.AddDate(0, count, 0)}
}

func years(day time.Time, n int) span {
	start := time.Date(day.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
	return span{start, start.AddDate(1, 0, 0)}
}

// layouts of dates and times in queries and records.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05-0700", "2006-01-02"}

func parseTime(s string) (time.Time, bool) {
	if len(s) < 10 || s[4] != '-' {
		return time.Time{}, false
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
