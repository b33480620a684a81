package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// generator makes a client from a description of an API. It reads OpenAPI 3.0, which a node gives
// beside 3.1.
const generator = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"

// TestGeneratedClient has a generator that is not ours make a client from the description of a
// running node, and has that client do the main round trip: agency, dataset, record, query,
// receipt, and a refusal.
func TestGeneratedClient(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("it fetches and builds a generator of clients; required in CI: CI=true go test ./cmd/xietong -run TestGeneratedClient")
	}
	for _, tool := range []string{"go", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatal(err)
		}
	}
	from, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, err := scripted(t, `set -e -o pipefail
trap 'kill %1' EXIT
./xietong init guizhou
./xietong serve &
./xietong status
mkdir generated
cp "`+from+`"/testdata/generated/* generated
curl -sS --unix-socket xietong-data/node.sock http://node/openapi-3.0.json > generated/openapi.json
node=$PWD/xietong-data/node.sock
cd generated
mv main.go.txt main.go
go run `+generator+` -generate types,client -package main -o client.go openapi.json
go run . "$node"
`)
	for _, want := range []string{
		"published villages 1\n", "put guizhou/log/1/3\n", "rows &[map[code:1 name:纪念塔社区]]\n", "receipt of guizhou/log/1/4 true\n", "problem unknown-dataset\n",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("%v: it does not show %q:\n%s", err, want, out)
		}
	}
}
