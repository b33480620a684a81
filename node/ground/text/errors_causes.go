package text

import "net/http"

// Problems whose cause is near that of another, and is mended otherwise.
const (
	InvitationNewer Code = "invitation-newer"
	DirAbsent       Code = "dir-absent"
	AgencyOfEntry   Code = "agency-of-entry"
)

var causeProblems = []problem{
	{
		number: 475, code: InvitationNewer, status: http.StatusBadRequest, params: []string{"reads"},
		zh: parts{"邀请码的版本较新", "这份邀请码由更新版本的程序生成，本程序只能读取以 {reads}- 开头的", "邀请码",
			"请向上级问明所用的版本，把本机的程序更新到该版本，再重复同一命令"},
		en: parts{"Invitation of a later version", "a later version of the program made this invitation, and this one reads those that begin with {reads}-", "invitation",
			"ask the parent for its version, update the program on this machine to it, and repeat the command"},
	},
	{
		number: 476, code: DirAbsent, status: http.StatusNotFound, params: []string{"dir"},
		zh: parts{"没有这个目录", "没有这个数据目录", "{dir}",
			"请核对路径；节点尚未建成的，有上级的凭邀请码用 xietong join 加入，自立一个体系的用 xietong init 新建；原来有节点的，请从备份恢复整个目录"},
		en: parts{"No such directory", "there is no such data directory", "{dir}",
			"check the path; where no node was made yet, `xietong join` makes one with the invitation of its parent, and `xietong init` one that begins a tree of its own; where there was one, restore the whole directory from a backup"},
	},
	{
		number: 477, code: AgencyOfEntry, status: http.StatusConflict, params: []string{"dataset", "named", "provider"},
		zh: parts{"目录所写的部门不是提供部门", "所给的目录信息中，agency 写的是 {named}，而该数据资源现由 {provider} 提供", "数据资源 {dataset}",
			"请把 agency 改为 {provider}，或者去掉这一项，再由部门 {provider} 发布"},
		en: parts{"Agency of the entry is not the provider", "the entry that was given says agency {named}, and the provider of this dataset is {provider} now", "dataset {dataset}",
			"make agency {provider}, or leave it out, and have {provider} publish it"},
	},
}
