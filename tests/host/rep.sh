. /src/tests/host/lib.sh
set -x
in_ns ct-ml-jupyter probe get 192.168.200.11 11434 / 
in_ns ct-ml-jupyter ip neigh
in_ns ct-ml-vllm probe get 192.168.200.10 80 /
ip rule
nft list counters table inet ctstack | grep packets
ip -s link show $(ip -o link | grep -B0 "ct-ml-jupyter" | grep -o "ct[a-z0-9]\{8\}" | head -1)
nft add table inet tr; nft 'add chain inet tr p { type filter hook prerouting priority -310; }'; nft 'add rule inet tr p ip saddr 192.168.200.12 counter meta mark 0x10000000 counter'
nft 'add chain inet tr q { type filter hook prerouting priority 10; }'; nft 'add rule inet tr q ip saddr 192.168.200.12 counter meta mark 0x10000000 counter'
nft 'add chain inet tr f { type filter hook forward priority -10; }'; nft 'add rule inet tr f ip saddr 192.168.200.12 counter'
nft 'add chain inet tr g { type filter hook forward priority 10; }'; nft 'add rule inet tr g ip saddr 192.168.200.12 counter'
nft 'add chain inet tr s { type filter hook postrouting priority 1010; }'; nft 'add rule inet tr s ip saddr 192.168.200.12 counter meta mark 0x20000000 counter'
nft 'add chain inet tr t { type filter hook prerouting priority -290; }'; nft 'add rule inet tr t ip saddr 192.168.200.11 counter'
nft 'add chain inet tr u { type filter hook postrouting priority 1010; }'; nft 'add rule inet tr u ip saddr 192.168.200.11 counter'
in_ns ct-ml-jupyter probe get 192.168.200.11 11434 / 
nft list table inet tr
