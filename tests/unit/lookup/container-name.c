/* lib/lookup/container-name: the paths that engines give to their containers.
 */
#include "lookup/container-name.h"
#include "check.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct {
	const char *path, *name;
} paths[] = {
	{ "/system.slice/docker-" ID ".scope", "0123456789ab" },
	{ "/docker/" ID, "0123456789ab" },
	{ "/docker/" ID "/init.scope", "0123456789ab" },
	{ "/machine.slice/libpod-" ID ".scope/container", "0123456789ab" },
	{ "/libpod_parent/libpod-" ID, "0123456789ab" },
	{ "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope",
	    "0123456789ab" },
	{ "/kubepods/burstable/pod12345678-1234/" ID, "0123456789ab" },
	{ "/system.slice/containerd.service/"
	  "kubepods-pod1.slice:cri-containerd:" ID,
	    "0123456789ab" },
	{ "/kubepods.slice/crio-" ID ".scope", "0123456789ab" },
	{ "/kubepods.slice/crio-conmon-" ID ".scope", NULL },
	{ "/libpod-conmon-" ID ".scope", NULL },
	/* The innermost of two. */
	{ "/docker/" OTHER "/kubelet/docker-" ID ".scope", "0123456789ab" },
	{ "/docker/" OTHER "/libpod-conmon-" ID ".scope", "fedcba987654" },
	{ "/lxc.payload.web/system.slice/cron.service", "web" },
	{ "/lxc.payload.web", "web" },
	{ "/lxc.monitor.web", NULL },
	{ "/lxc/old/user.slice", "old" },
	{ "/x/lxc/old", "old" },
	{ "/lxc", NULL },
	{ "/machine.slice/systemd-nspawn@my\\x2dbox.service/payload",
	    "my-box" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt",
	    "qemu-1-vm" },
	{ "/machine.slice/machine-a\\x00b\\x2.scope", "a\\x00b\\x2" },
	{ "/system.slice/ssh.service", NULL },
	{ "/user.slice/user-1000.slice/session-1.scope", NULL },
	{ "/system.slice/docker-0123.scope", NULL },
	{ "/system.slice/x" ID ".scope", NULL },
	{ "/docker/" ID "0", NULL },
	{ "/machine-.scope", NULL },
	{ "/lxc.payload.", NULL },
	{ "/", NULL },
	{ "", NULL },
	{ ID, "0123456789ab" },
};

int
main(void)
{
	char name[64], small[4];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		bool found = container_name(name, sizeof(name), paths[i].path);

		if (!found)
			strcpy(name, "(none)");
		check_str(name,
		    paths[i].name != NULL ? paths[i].name : "(none)",
		    paths[i].path, (int)i);
	}
	CHECK(container_name(small, sizeof(small), "/docker/" ID));
	CHECK_STR(small, "012");
	CHECK(container_name(small, sizeof(small), "/lxc/long"));
	CHECK_STR(small, "lon");
	CHECK(container_name(
	    small, sizeof(small), "/systemd-nspawn@\\x2dabcd.service"));
	CHECK_STR(small, "-ab");
	return check_done();
}
