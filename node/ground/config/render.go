package config

import (
	"fmt"
	"strconv"
	"strings"
)

const head = `# Xietong node / 协同节点. Change it only while the node is stopped. 请在节点停止时修改。
version: 1
# Zone of the times that people see, and of the days that they type (IANA name); empty: Asia/Shanghai.
# 显示时间和填写日期所用的时区（IANA 名称），留空则为 Asia/Shanghai（北京时间）。
time_zone: %q
# UDP address that the jurisdictions below dial, such as "0.0.0.0:7400"; empty: the node only dials, nothing can dial it.
# 供下级连接的 UDP 地址，如 "0.0.0.0:7400"；留空则本节点只主动连接，不接受连接。
listen: %q
# What invitations tell, where it is not what is listened on: ["192.0.2.7:7400"], behind an address translation for example.
# 写入邀请的地址，与监听地址不同时填写（例如经过地址转换），如 ["192.0.2.7:7400"]。
addresses: [%s]
# Folder outside this directory, such as "/var/lib/xietong-signed", where the node notes how far it signed; empty: nowhere.
# 数据目录之外的文件夹，如 "/var/lib/xietong-signed"，节点在其中记下签名到哪里，用来发现旧备份；留空则不记。
signed_sizes: %q
# The jurisdictions that this node hosts / 本节点承载的行政区划
jurisdictions:
`

const each = `  - name: %q          # permanent, like DNS / 永久名称，写法同域名
    display_name: %q  # what people see / 显示名称
    short_name: %q    # short form for tables / 简称
    code: %q          # GB/T 2260 or any / 行政区划代码
    level: %q         # province, prefecture, county … / 层级
    parent_address: %q  # where the parent is now, if it has moved: "192.0.2.1:7400" / 上级迁址后的新地址，未迁址则留空
`

// Render returns the configuration as a file, with a comment to each key. Parse returns the same
// configuration again, if its texts are UTF-8.
func Render(c Config) []byte {
	quoted := make([]string, len(c.Addresses))
	for i, a := range c.Addresses {
		quoted[i] = strconv.Quote(a)
	}
	out := fmt.Appendf(nil, head, c.TimeZone, c.Listen, strings.Join(quoted, ", "), c.SignedSizes)
	for _, j := range c.Jurisdictions {
		out = fmt.Appendf(out, each, j.Name.String(), j.DisplayName, j.ShortName, j.Code, j.Level, j.ParentAddress)
	}
	return out
}
