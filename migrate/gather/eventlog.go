package gather

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
)

// maxEventLog is the longest log that is read, in bytes: it is one source of
// many, and an org with Event Monitoring may have logs of gigabytes.
const maxEventLog = 24 << 20

// foundEventLog takes which log is the newest. There may be none.
func (g *gatherer) foundEventLog() {
	rows := g.tables[migrate.SrcEventLog]
	if len(rows) == 0 {
		g.unread(migrate.SrcEventLog, migrate.SourceUnavailable, "the org has no log of ApiTotalUsage")
		return
	}
	size, err := strconv.ParseFloat(rows[0]["LogFileLength"], 64)
	if err == nil && size > maxEventLog {
		g.unread(migrate.SrcEventLog, migrate.SourceTruncated, fmt.Sprintf("the newest log has %.0f bytes, and at most %d are read", size, maxEventLog))
		return
	}
	g.eventLog = rows[0]["Id"]
}

func (g *gatherer) readEventLog(ctx context.Context) (func(), error) {
	if g.eventLog == "" {
		return func() {}, nil
	}
	data, err := g.client.Bytes(ctx, "sobjects/EventLogFile/"+g.eventLog+"/LogFile")
	var said *org.Error
	if end := fatal(ctx, err); end != nil && (ctx.Err() != nil || errors.As(err, &said)) {
		return nil, end // what is wrong with one file alone does not end an audit
	}
	return func() {
		if err != nil {
			g.refused(migrate.SrcEventLog, err)
			return
		}
		day := g.tables[migrate.SrcEventLog][0]["LogDate"]
		rows, err := soapLogins(data, day)
		if err != nil {
			g.unread(migrate.SrcEventLog, migrate.SourceTruncated, "the newest log cannot be read: "+line(err))
			return
		}
		g.read(migrate.SrcEventLog, rows)
	}, nil
}

// soapLogins counts the calls of login() in a log of ApiTotalUsage, by app and
// API version.
func soapLogins(data []byte, day string) ([]migrate.Row, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	head, err := r.Read()
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, name := range head {
		at[strings.ToUpper(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, name := range []string{"API_RESOURCE", "API_VERSION"} {
		if _, ok := at[name]; !ok {
			return nil, errors.New("it has no column " + name)
		}
	}
	column := func(record []string, name string) string {
		if i, ok := at[name]; ok && i < len(record) {
			return record[i]
		}
		return ""
	}
	counts := map[[2]string]int{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(column(record, "API_RESOURCE"), "login") {
			counts[[2]string{strings.Clone(column(record, "CONNECTED_APP_NAME")), strings.Clone(column(record, "API_VERSION"))}]++
		}
	}
	var rows []migrate.Row
	for k, n := range counts {
		rows = append(rows, migrate.Row{"resource": "login", "app": k[0], "version": k[1], "n": strconv.Itoa(n), "latest": day})
	}
	slices.SortFunc(rows, func(a, b migrate.Row) int {
		return strings.Compare(a["app"]+"\x1f"+a["version"], b["app"]+"\x1f"+b["version"])
	})
	return rows, nil
}
