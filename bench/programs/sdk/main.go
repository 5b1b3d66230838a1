// Command sdk makes one call with the SDK.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sauceinsights/insights"
)

func main() {
	creds := insights.Credentials{Username: os.Args[2], AccessKey: os.Args[3]}
	client, err := insights.NewClient("", creds, insights.WithBaseURL(os.Args[1]))
	if err != nil {
		panic(err)
	}
	end := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	list, err := client.Tests(context.Background(), insights.TestsOptions{Period: insights.Between(end.AddDate(0, -6, 0), end), Size: 10})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(list.Items))
}
