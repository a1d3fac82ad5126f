package report_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

func TestPlain(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":             {"", ""},
		"text":                {"Order Sync (42) | `x` <b>", "Order Sync (42) | `x` <b>"},
		"other scripts":       {"Größe 注文 заказ 🔷", "Größe 注文 заказ 🔷"},
		"colour":              {"\x1b[31mred\x1b[0m", "[31mred[0m"},
		"link":                {"\x1b]8;;https://evil.example.com\x1b\\text\x1b]8;;\x1b\\", "]8;;https://evil.example.com\\text]8;;\\"},
		"title change":        {"\x1b]0;owned\a", "]0;owned"},
		"C1 sequence":         {"\u009b31mred\u009d0;owned\u009c", "31mred0;owned"},
		"bell, backspace":     {"safe\a\b\b\b\bevil", "safeevil"},
		"delete":              {"a\x7fb", "ab"},
		"line breaks":         {"a\nb\r\nc\td", "a b  c d"},
		"NUL":                 {"a\x00b", "ab"},
		"next line":           {"a\u0085b", "ab"},
		"Unicode line breaks": {"a\u2028b\u2029c", "abc"},
		"right to left":       {"user\u202Egpj.exe", "usergpj.exe"},
		"isolates":            {"\u2066a\u2067b\u2068c\u2069", "abc"},
		"marks":               {"a\u200Eb\u200Fc\u061Cd", "abcd"},
		"embeddings":          {"\u202Aa\u202Bb\u202Cc\u202Dd", "abcd"},
		"invisible letters":   {"pay\u200Bpal\uFEFF\u00AD\u200D", "paypal"},
		"tags":                {"a\U000E0041\U000E007Fb", "ab"},
		"not UTF-8":           {"a\xff\xfeb\xc3", "ab"},
		"replacement":         {"a\uFFFDb", "ab"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := report.Plain(tt.in); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// In no cell of a table can a text end the cell or the row, begin a tag, or
// format.
func TestMarkdown(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":     {"", ""},
		"text":        {"Order Sync, 42%", "Order Sync, 42%"},
		"pipe":        {"a|b", `a\|b`},
		"escaped":     {`a\|b`, `a\\\|b`},
		"backslash":   {`a\`, `a\\`},
		"code":        {"`rm -rf`", "\\`rm -rf\\`"},
		"script":      {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
		"comment":     {"<!-- x -->", "&lt;\\!-- x --&gt;"},
		"entity":      {"&lt;b&#62;", "&amp;lt;b&amp;\\#62;"},
		"new row":     {"a |\n| b", `a \| \| b`},
		"CR LF":       {"a\r\n# b", `a  \# b`},
		"link":        {"[a](javascript:alert(1))", `\[a\](javascript:alert(1))`},
		"image":       {"![a](https://evil.example.com/x.png)", `\!\[a\](https://evil.example.com/x.png)`},
		"reference":   {"[a][b]", `\[a\]\[b\]`},
		"autolink":    {"<https://evil.example.com>", "&lt;https://evil.example.com&gt;"},
		"emphasis":    {"**a** _b_ ~~c~~", `\*\*a\*\* \_b\_ \~\~c\~\~`},
		"mention":     {"@org/team #1", `\@org/team \#1`},
		"formula":     {"$\\LaTeX$ ${NAME}", `\$\\LaTeX\$ \$\{NAME\}`},
		"not plain":   {"\x1b[31m\u202Ea\u2028", `\[31ma`},
		"API name":    {"Order_Sync", `Order\_Sync`},
		"other texts": {"注文 🔷", "注文 🔷"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := report.Markdown(tt.in); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"", "Order Sync", "\x1b]8;;https://evil.example.com\x1b\\x", "a\u202Eb\u2066", "\u009b31m", "\xff\xc3", "a\r\n\tb", "注文\u200D", "\U000E0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Plain(s)
		if !utf8.ValidString(got) {
			t.Errorf("not UTF-8: %q", got)
		}
		if r, bad := harmful(got); bad {
			t.Errorf("%U is left in %q", r, got)
		}
		if again := report.Plain(got); again != got {
			t.Errorf("not idempotent: %q, then %q", got, again)
		}
		if len(got) > len(s) {
			t.Errorf("%q is longer than %q", got, s)
		}
		if isHarmless(s) && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

// harmful finds a character on which a terminal acts, or which makes a text
// read otherwise than it is written.
func harmful(s string) (rune, bool) {
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return r, true
		}
	}
	return 0, false
}

func isHarmless(s string) bool {
	_, bad := harmful(s)
	return !bad && utf8.ValidString(s) && !strings.ContainsRune(s, unicode.ReplacementChar)
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"", "a|b", `a\|b\`, "<script>", "&lt;", "a\n| b", "[a](b)", "`|`", "\x1b[31m", "\u2028|", "$x$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Markdown(s)
		if strings.ContainsAny(got, "<>\n\r") {
			t.Errorf("%q holds a tag or a line break", got)
		}
		if r, bad := harmful(got); bad {
			t.Errorf("%U is left in %q", r, got)
		}
		escaped := false
		for _, r := range got {
			switch {
			case escaped:
				escaped = false
			case r == '\\':
				escaped = true
			case strings.ContainsRune("|`*_[]{}#!~@$", r):
				t.Errorf("%c is not escaped in %q", r, got)
			}
		}
		if escaped {
			t.Errorf("%q ends in a backslash, which escapes what follows", got)
		}
		if back := unescape(got); back != report.Plain(s) {
			t.Errorf("%q reads as %q", s, back)
		}
	})
}

// unescape is what a reader of the Markdown sees.
func unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		out.WriteByte(s[i])
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(out.String())
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 apps", 1: "1 app", 2: "2 apps"} {
		if got := migrate.Plural(n, "app"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
