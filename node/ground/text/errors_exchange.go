package text

import "net/http"

// Problems of a message between jurisdictions. exchange/relay gives their numbers.
const (
	WayRefused       Code = "way-refused"
	MessageRefused   Code = "message-refused"
	MessageExpired   Code = "message-expired"
	MessageFuture    Code = "message-future"
	Unreachable      Code = "unreachable"
	Late             Code = "late"
	Hurried          Code = "hurried"
	Busy             Code = "busy"
	UnknownOperation Code = "unknown-operation"
	AnswerRefused    Code = "answer-refused"

	UnknownEncapsulation Code = "encapsulation-unknown"
)

var exchangeProblems = []problem{
	{
		number: 72, code: WayRefused, status: http.StatusForbidden, params: []string{"origin", "peer"},
		zh: parts{"来路不符", "{peer}送来了{origin}的消息，而到{origin}不经过{peer}", "{peer}", "请{peer}的管理员在节点日志中查明是谁交给它这条消息"},
		en: parts{"Wrong way", "{peer} brought a message of {origin}, and the way to {origin} does not lead through {peer}", "{peer}",
			"the administrator of {peer} should find in the node's log who gave it the message"},
	},
	{
		number: 73, code: MessageRefused, status: http.StatusForbidden, params: []string{"origin", "reason"},
		zh: parts{"消息未通过验证", "{origin}的消息没有被接受：{reason}", "{origin}",
			"请{origin}的管理员用 xietong tree 核对背书是否有效、密钥集是否最新，再重新提出"},
		en: parts{"Message not accepted", "a message of {origin} was not accepted: {reason}", "{origin}",
			"the administrator of {origin} should see with `xietong tree` whether its endorsement is in force and its key set the newest, and ask again"},
	},
	{
		number: 74, code: MessageExpired, status: http.StatusRequestTimeout, again: true, params: []string{"origin"},
		zh: parts{"消息已过期", "{origin}的消息到达时已过有效期，没有办理", "{origin}",
			"请重新提出；仍然如此的，请{origin}的管理员校准时钟（如 timedatectl set-ntp true）"},
		en: parts{"Message expired", "a message of {origin} came after its own end and was not served", "{origin}",
			"ask again; if that does not help, the administrator of {origin} should set the clock (timedatectl set-ntp true)"},
	},
	{
		number: 75, code: MessageFuture, status: http.StatusConflict, params: []string{"origin", "by"},
		zh: parts{"时钟超前", "{origin}的时钟比收到其消息的一方快 {by}，消息没有办理", "{origin}",
			"请{origin}的管理员先校准时钟（如 timedatectl set-ntp true），再重新提出；其时钟无误的，由收到消息的一方校准"},
		en: parts{"Clock ahead", "the clock of {origin} is {by} ahead of whoever received its message, which was not served", "{origin}",
			"the administrator of {origin} should set the clock (timedatectl set-ntp true) and ask again; if it is right, whoever received the message sets theirs"},
	},
	{
		number: 76, code: Unreachable, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "reason"},
		zh: parts{"联系不上", "与{jurisdiction}联系不上：{reason}", "{jurisdiction}",
			"请用 xietong tree 查看连接，并请{jurisdiction}的管理员检查节点是否运行、防火墙是否放行 UDP；途中断开的，请求可能已经办理"},
		en: parts{"Unreachable", "{jurisdiction} is not reached: {reason}", "{jurisdiction}",
			"see the links with `xietong tree`; the administrator of {jurisdiction} should see whether its node runs and its firewall passes UDP; if the link broke on the way, the request may have been served"},
	},
	{
		number: 77, code: Late, status: http.StatusGatewayTimeout, again: true, params: []string{"jurisdiction"},
		zh: parts{"未及时答复", "{jurisdiction}没有在时限内答复，请求可能已经办理", "{jurisdiction}",
			"请稍后重新提出；经常如此的，请{jurisdiction}的管理员查看节点是否过载"},
		en: parts{"No answer in time", "{jurisdiction} did not answer in time, and may have served the request all the same", "{jurisdiction}",
			"ask again later; if it happens often, the administrator of {jurisdiction} should see whether its node is overloaded"},
	},
	{
		number: 195, code: Hurried, status: http.StatusGatewayTimeout, again: true, params: []string{"jurisdiction", "by", "left", "wait"},
		zh: parts{"转来时已无时间", "提出方等候 {wait} 毫秒，{by}转给{jurisdiction}时只剩 {left} 毫秒，未及办理", "{by}",
			"请稍后重新提出；经常如此的，请{by}的管理员查看节点是否过载，或有意压下请求"},
		en: parts{"Handed over too late", "the asker waits {wait} ms, and {by} handed the request to {jurisdiction} with {left} ms left, too few to serve it", "{by}",
			"ask again later; if it happens often, {by} is overloaded or holds requests back"},
	},
	{
		number: 78, code: Busy, status: http.StatusServiceUnavailable, again: true, params: []string{"jurisdiction", "again"},
		zh: parts{"对方繁忙", "{jurisdiction}为提出方办理或转送的请求已达上限，这一请求没有办理", "{jurisdiction}", "请在 {again} 秒后重试，并减少提出的请求"},
		en: parts{"Busy", "{jurisdiction} serves or passes on as many requests of the asker as it may, and this one was one too many", "{jurisdiction}",
			"try again in {again} s, and make fewer requests"},
	},
	{
		number: 79, code: UnknownOperation, status: http.StatusNotImplemented, params: []string{"operation", "jurisdiction"},
		zh: parts{"不支持的操作", "{jurisdiction}的节点不提供操作 {operation}", "{jurisdiction}", "请{jurisdiction}的管理员升级节点程序"},
		en: parts{"Unknown operation", "the node of {jurisdiction} offers no operation {operation}", "{jurisdiction}",
			"the administrator of {jurisdiction} should upgrade its node"},
	},
	{
		number: 80, code: AnswerRefused, status: http.StatusBadGateway, again: true, params: []string{"jurisdiction", "reason"},
		zh: parts{"答复未通过验证", "从{jurisdiction}收到的内容不能证明是该请求的答复，没有采用：{reason}", "{jurisdiction}",
			"请先核对双方的时钟：时钟不准的，校准之前重新提出没有用，而对方可能已记录了这次使用；时钟无误的，请重新提出，再次出现的，请与{jurisdiction}的管理员电话联系，并保存双方的节点日志"},
		en: parts{"Answer not accepted", "what came from {jurisdiction} does not prove to be the answer and is not shown: {reason}", "{jurisdiction}",
			"compare the clocks of both sides first: where one is wrong, asking again does not help until it is set, and the use may have been recorded there; if they are right, ask again; if it happens again, call the administrator of {jurisdiction}, and keep the logs of both nodes"},
	},
	{
		number: 122, code: UnknownEncapsulation, status: http.StatusBadGateway, again: true, params: []string{"jurisdiction"},
		zh: parts{"加密封装未知", "{jurisdiction}没有保存请求所引用的加密封装，请求没有办理", "{jurisdiction}",
			"请重新提出；再次出现的，请与{jurisdiction}的管理员电话联系，并保存双方的节点日志"},
		en: parts{"Unknown encapsulation", "{jurisdiction} does not hold the encapsulation that the request is encrypted under, and did not serve it", "{jurisdiction}",
			"ask again; if it happens again, call the administrator of {jurisdiction}, and keep the logs of both nodes"},
	},
}

// exchangeWords are the reasons that exchange/relay and exchange/link give.
var exchangeWords = map[string]word{
	// faults of a message
	"not endorsed":                         {zh: "没有有效的背书", en: "no endorsement of it is in force"},
	"keys not found":                       {zh: "其密钥集暂时无法取得", en: "its key sets cannot be had at present"},
	"unknown signing key":                  {zh: "没有人为签名所用的密钥背书", en: "nobody endorsed the key that signed it"},
	"unknown signing key, at another time": {zh: "其中所写的时间与本机时钟相差很大，按那一时间没有人为签名所用的密钥背书", en: "the time that it states is far from this clock's, and nobody endorsed the key that signed it at that time"},
	"signature does not fit":               {zh: "签名与收到的内容不符", en: "its signature does not fit what came"},
	"body does not fit":                    {zh: "正文与签名不符，或者不能解密", en: "the body is not the one that was signed, or cannot be decrypted"},
	"encapsulation not held":               {zh: "没有保存它所引用的加密封装", en: "it is encrypted under an encapsulation that is not held here"},
	"unusable decryption key":              {zh: "其密钥集中的加密公钥不可用", en: "the decryption key in its key set is unusable"},
	"another form":                         {zh: "格式不符", en: "it has another form"},
	"lives too long":                       {zh: "有效期过长", en: "it lives too long"},
	"no hops left":                         {zh: "转送次数已用完"},
	"expired":                              {zh: "已过有效期", en: "it has expired"},
	"from the future":                      {zh: "双方时钟相差过大", en: "the clocks of the two are apart"},
	"from somebody else":                   {zh: "由他人签名", en: "somebody else signed it"},
	"no answer to this request":            {zh: "不是对该请求的答复", en: "it is no answer to this request"},
	"not encrypted":                        {zh: "没有加密", en: "it is not encrypted"},
	"not in the clear":                     {zh: "不应加密", en: "it must not be encrypted"},
	"not one frame":                        {zh: "没有答复，或者不止一份", en: "there was no answer, or more than one"},

	// faults of a link
	"no-route":      {zh: "没有通往它的上级", en: "no parent leads there"},
	"no-link":       {zh: "当前没有连接", en: "no link is up"},
	"no-answer":     {zh: "没有应答", en: "it does not answer"},
	"other-version": {zh: "它使用另一版本的协议", en: "it speaks another version of the protocol"},
	"not-hosted":    {zh: "应答的节点不承载它", en: "the node that answers does not host it"},
	"not-known":     {zh: "它不认可本方的身份", en: "it does not take our identity"},
	"not-trusted":   {zh: "本方不认可它的身份", en: "we do not take its identity"},
	"refused":       {zh: "它拒绝了连接", en: "it refused the link"},
	"busy":          {zh: "它的节点繁忙", en: "its node is busy"},
	"restarted":     {zh: "它的节点重新启动过", en: "its node was started anew"},
	"ended":         {zh: "它结束了连接", en: "it ended the link"},
	"broken":        {zh: "连接中断", en: "the link broke"},
}
