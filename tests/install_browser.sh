#!/bin/sh
# A headless Chromium for the browser tests: the system's one, else from the package manager where
# we may use it, else Playwright's own. Usage: install_browser.sh PATH_OF_PLAYWRIGHT
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
  exit 0
fi
"$1" install chromium
