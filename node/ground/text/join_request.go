package text

// The form with which an administrator asks the network office for the one firewall rule that a
// node needs.
const (
	FirewallForm        Code = "firewall.form"
	FirewallNode        Code = "firewall.node"
	FirewallDestination Code = "firewall.destination"
)

var firewallSentences = []sentence{
	{FirewallNode, "{title}（节点名称 {name}）", "{title} ({name})"},
	{FirewallDestination, "目的地址　{host}，端口 {port}", "Destination     {host}, port {port}"},
	{
		FirewallForm,
		`防火墙策略开通申请单

本级节点：{child}
上级节点：{parent}
申请日期：{date}
申请事项：为政务数据共享节点开通一条出站 UDP 访问策略
          （不需要入站策略、端口映射和公网地址）

一、策略内容
  方　　向　出站，由本节点发起；有状态，放行其返回流量
  源 地 址　本节点所在服务器：____________________
  源 端 口　任意
  {destinations}
  协　　议　UDP
  期　　限　长期

二、用途
  本节点须与上级节点保持一条连接，上下级之间的数据共享申请、查询和答复均经
  此连接传送。上级节点不会主动连接本节点。

三、安全说明
  传输采用 QUIC 协议（RFC 9000），以 TLS 1.3 双向认证，全程加密。上级节点的
  身份按邀请码所载的密钥指纹核验，其他主机不能冒充。请勿对该流量解密或代理，
  否则连接会被拒绝。UDP 会话空闲超时请不少于 30 秒，并放行 1280 字节的报文。

四、验证方法
  开通后，在本节点重新执行同一条 xietong join 命令，“{step}”一步应显示“{ok}”。
  此前未连通的尝试没有改变任何内容，邀请码在有效期内仍可使用。

五、联系与审批
  申请单位（盖章）：____________________
  联 系 人：____________________　电话：____________________
  审批意见：____________________________________________________
  经 办 人：____________________　日期：____________________`,
		`Request for a firewall rule

Node:         {child}
Parent node:  {parent}
Date:         {date}
Request:      one outbound UDP rule for the data exchange node; no inbound
              rule, no port forwarding and no public address

1. Rule
  Direction       outbound, begun by the node; stateful, with return traffic
  Source          server of the node: ____________________
  Source port     any
  {destinations}
  Protocol        UDP
  Term            permanent

2. Purpose
  The node keeps one connection to the node of its parent. Data sharing
  applications, queries and answers between the two levels travel on it. The
  parent never opens a connection to this node.

3. Security
  QUIC (RFC 9000) with mutual TLS 1.3, all of it encrypted. The parent is known
  by the fingerprint in the invitation; no other machine can take its place.
  Please do not decrypt or proxy this traffic, or the connection is refused.
  Keep idle UDP sessions for 30 seconds or more; let packets of 1280 bytes pass.

4. Test
  Repeat the same "xietong join" command on the node: the step "{step}" says
  "{ok}". The attempt without an answer changed nothing, and the invitation may
  be used again until it ends.

5. Contact and approval
  Requested by (seal): ____________________
  Contact:   ____________________   Telephone: ____________________
  Decision:  ______________________________________________________
  Done by:   ____________________   Date:      ____________________`,
	},
}
