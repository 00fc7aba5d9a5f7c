// Package packages looks at what "make packages" builds: contents, modes, owners and
// scripts, the complaints of lintian and rpmlint, the image, the list of what is linked in.
// It builds everything a second time, elsewhere, and compares the bytes. It installs,
// upgrades, removes and purges the packages in a Debian without a running systemd.
//
// RSTTRACE_PACKAGES names the folder with the packages. "make packages-test" sets it.
// Under a systemd that runs, tools/vm-service tries the package in a virtual machine.
package packages
