package api

import "encoding/json"

// details are what the description says of an operation beside its summary.
var details = map[string]string{
	"health":            "It reads no state and waits for nothing: use it to find a process that hangs.",
	"ready":             "It answers 503 with the problem not-serving while a replica has no leader, its disk is below its reserve, or its files are damaged; `errors` has every cause.",
	"status":            "It answers for every hosted jurisdiction, with the alarms about its keys, files and disk.",
	"entry":             "Heads are public inside the jurisdiction; the payload comes with the receipt, to whom it belongs.",
	"receipt":           "It verifies offline against the pin of the tree's root (docs/ledger-format.md).",
	"receipt-of":        "Another jurisdiction gives receipts of the entries that record its uses by the asker.",
	"entry-of":          "An entry of another ledger is shown from its receipt, which was verified.",
	"publish-dataset":   "A later version needs the hash of its plan, which says what it would do to records and grants.",
	"plan-roster":       "Nothing is published. The hash is good until the roster or the list changes.",
	"plan-dataset":      "Nothing is published. The hash is good until the records or the entry change.",
	"datasets":          "Of another jurisdiction, that is asked now.",
	"put-record":        "The record is checked against the schema of the entry in force. One with the same key is replaced, and stays in the history.",
	"retract-record":    "It stays in the history, with the reason.",
	"record-history":    "The values are not told, only when and by which entries.",
	"load-import":       "The answer is a line at a time: progress, and in the last one the import or the error. A stream without such a last line was cut short.",
	"query":             "The use is recorded before the answer is given. With `at` another jurisdiction is asked. Without a grant, unconditional data are applied for with basis, scenario, scope, method and until.",
	"federated-query":   "The answer says who is covered, and who did not answer and why. Where nobody answered it is the problem nobody-answered, with the account in its member answer.",
	"federated-rows":    "A line for each jurisdiction that answers; the last one has the coverage, or the error. A stream without such a last line was cut short.",
	"verify":            "It tells yes, no or no-such-record, and nothing else of the record.",
	"give-grant":        "It names the paper on which the provider decided.",
	"revoke-grant":      "It counts at once; uses under way are told.",
	"invite":            "The token is told this once. A second invitation takes the place of the first.",
	"withdraw":          "It cuts off the child with everybody below it.",
	"new-keys":          "It is done by itself before keys end; revoke is for keys that were stolen.",
	"publish-roster":    "It is handed down to the whole tree.",
	"drill":             "It shows that messages with a false signature are refused.",
	"run-question":      "The numbers are kept, and compared with those of an earlier month.",
	"remove-question":   "Its results go with it.",
	"acknowledge-keys":  "They come again where their cause stays.",
	"check-import":      "It tells the hash and the rows that a load repeats, what is bad in which cell, and what the load would do.",
	"bad-rows-import":   "It has the format of the file.",
	"confirm":           "Nobody waits for it any more.",
	"object":            "The document of an objection is carried by anybody.",
	"publish-standard":  "Those below adopt it by publishing an entry that names it.",
	"add-agency":        "Its code is permanent.",
	"add-hosted":        "It joins at once at the node's own door.",
	"problem":           "It is the address that a problem has as its type.",
	"stop":              "It answers, and ends as on SIGTERM.",
	"renew-grant":       "An earlier end is refused.",
	"save-question":     "It is asked as it stands, whenever it is run.",
	"cancel-invitation": "Its token is good for nothing from then on.",
}

// examples are bodies of requests.
var examples = map[string]json.RawMessage{
	"add-agency": json.RawMessage(`{"code":"civil-affairs","title":"民政局"}`),
	"publish-dataset": json.RawMessage(`{"code":"villages","title":"名录","agency":"civil-affairs","category":"unconditional",` +
		`"purposes":[{"code":"check","title":"核验"}],"key":"code","not_secret":true,"indexed":["name"],` +
		`"schema":{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"name":{"type":"string"}}}}`),
	"put-record":      json.RawMessage(`{"record":{"code":"1","name":"纪念塔社区"}}`),
	"retract-record":  json.RawMessage(`{"key":"1","reason":"重复登记"}`),
	"record-history":  json.RawMessage(`{"key":"1"}`),
	"query":           json.RawMessage(`{"dataset":"villages","where":{"name":"纪念塔社区"},"purpose":"check"}`),
	"verify":          json.RawMessage(`{"dataset":"villages","key":"1","field":"name","value":"纪念塔社区","purpose":"check"}`),
	"federated-query": json.RawMessage(`{"at":"**.guizhou","level":"county","dataset":"villages","measure":{"function":"count"},"purpose":"check"}`),
	"federated-rows":  json.RawMessage(`{"at":"**.guizhou","dataset":"villages","where":{"name":"纪念塔社区"},"purpose":"check"}`),
	"revoke-grant":    json.RawMessage(`{"reason":"事项已办结"}`),
	"invite":          json.RawMessage(`{"name":"贵阳市"}`),
}
