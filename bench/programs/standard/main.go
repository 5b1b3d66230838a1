// Command standard makes one call with net/http and encoding/json.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

type list struct {
	Items []struct {
		ID, Owner, Ancestor, Name, Build, Status, Error, OS, Browser string

		CreationTime      time.Time `json:"creation_time"`
		StartTime         time.Time `json:"start_time"`
		EndTime           time.Time `json:"end_time"`
		Duration          float64   `json:"duration"`
		OSNormalized      string    `json:"os_normalized"`
		BrowserNormalized string    `json:"browser_normalized"`
		DetailsURL        string    `json:"details_url"`
	} `json:"items"`
	HasMore bool `json:"has_more"`
}

func main() {
	query := url.Values{"start": {"2026-01-01T00:00:00Z"}, "end": {"2026-07-01T00:00:00Z"}, "size": {"10"}}
	req, err := http.NewRequest(http.MethodGet, os.Args[1]+"/v1/analytics/tests?"+query.Encode(), nil)
	if err != nil {
		panic(err)
	}
	req.SetBasicAuth(os.Args[2], os.Args[3])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var l list
	if err := json.NewDecoder(resp.Body).Decode(&l); err != nil {
		panic(err)
	}
	fmt.Println(len(l.Items))
}
