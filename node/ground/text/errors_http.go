package text

import "net/http"

// Problems of a request over HTTP, before anything of it is looked at by a room.
const (
	KeyMissing     Code = "idempotency-key-missing"
	KeyMalformed   Code = "idempotency-key-malformed"
	NoOperation    Code = "no-operation"
	MethodRefused  Code = "method-not-allowed"
	MediaType      Code = "media-type"
	NotAsDescribed Code = "not-as-described"
	NotServing     Code = "not-serving"
)

var httpProblems = []problem{
	{
		number: 400, code: KeyMissing, status: http.StatusBadRequest,
		zh: parts{"缺少幂等键", "写入或使用数据的请求须带请求头 Idempotency-Key，本请求没有", "请求头 Idempotency-Key",
			"请为每项新请求生成一个 UUIDv7（如 0199b1d4-7c3e-7a52-8f1b-3d6c5a9e2b40），放入该请求头；重试同一请求时不得更换"},
		en: parts{"Idempotency key missing", "a request that writes or uses data needs the header Idempotency-Key, and this one has none", "the header Idempotency-Key",
			"make a UUIDv7 for each new request, such as 0199b1d4-7c3e-7a52-8f1b-3d6c5a9e2b40, and send it in that header; keep it when you try the same request again"},
	},
	{
		number: 401, code: KeyMalformed, status: http.StatusBadRequest,
		zh: parts{"幂等键格式有误", "请求头 Idempotency-Key 的值不是 UUIDv7", "请求头 Idempotency-Key",
			"请给出小写字母的 UUIDv7，如 0199b1d4-7c3e-7a52-8f1b-3d6c5a9e2b40，不加引号、花括号"},
		en: parts{"Idempotency key malformed", "the value of the header Idempotency-Key is no UUIDv7", "the header Idempotency-Key",
			"give a UUIDv7 in lower case, such as 0199b1d4-7c3e-7a52-8f1b-3d6c5a9e2b40, without quotation marks or braces"},
	},
	{
		number: 402, code: NoOperation, status: http.StatusNotFound, params: []string{"request"},
		zh: parts{"没有这个接口", "没有这个接口：{request}", "请求的地址", "请核对地址；全部接口见 GET /openapi.json"},
		en: parts{"No such operation", "the API has no such operation: {request}", "the address of the request",
			"check the address; GET /openapi.json lists all operations"},
	},
	{
		number: 403, code: MethodRefused, status: http.StatusMethodNotAllowed, params: []string{"request", "methods"},
		zh: parts{"请求方法不符", "该地址没有这个接口：{request}", "请求的方法", "请改用 {methods}"},
		en: parts{"Method not allowed", "the API has no such operation: {request}", "the method of the request", "use {methods}"},
	},
	{
		number: 404, code: MediaType, status: http.StatusUnsupportedMediaType, params: []string{"type"},
		zh: parts{"正文类型不符", "不受理 {type} 类型的正文", "请求头 Content-Type", "请以 application/json 提交 JSON 正文"},
		en: parts{"Unsupported media type", "a body of the type {type} is not taken", "the header Content-Type",
			"send a body of JSON as application/json"},
	},
	{
		number: 405, code: NotAsDescribed, status: http.StatusUnprocessableEntity, params: []string{"where", "reason"},
		zh: parts{"与接口说明不符", "所给的内容不合规定：{reason}", "{where}", "请修改后重新提交"},
		en: parts{"Not as described", "what was given is not as it must be: {reason}", "{where}",
			"correct it and send it again"},
	},
	{
		number: 406, code: NotServing, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "reason"},
		zh: parts{"节点不能正常受理", "{jurisdiction}暂不能受理全部请求：{reason}", "本节点", "请按 GET /v1/status 所列警报处理；正在启动或者选举主副本的，稍候即可"},
		en: parts{"Node not serving", "{jurisdiction} cannot take every request now: {reason}", "this node",
			"see the alarms in GET /v1/status; where it is starting or electing a leader, wait a moment"},
	},
}
