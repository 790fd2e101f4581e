package Test::Nginx::DNS::XDP;

# Tests of dns_xdp: a network of their own, and a kernel that takes programs.
#
#   my $t = own_kernel();
#
# to be called first, as own_network() of Test::Nginx::DNS::Namespace: skips
# unless root, in a kernel with BPF, and with dns_xdp in the build.
#
#   my $net = pair('192.0.2.1/24', '192.0.2.2/24');
#
# A second network (Test::Nginx::DNS::Namespace) with "veth0" there, "veth1"
# here, and these addresses; each may be a list of them.
#
#   pass_through($t, $net);
#
# gives "veth0" a program that does nothing: without one, what the program of
# "veth1" sends back stays in the ring between them.
#
#   vlan($t, $net, '198.51.100.1/24', '198.51.100.2/24');
#
# two more addresses, there and here, with a VLAN tag between them, which is in
# the frame and not beside it: by devices, or, where the kernel has none, by
# programs that put it on and take it off.  "here" is on "veth1" then.  Returns
# which of these: 'devices' or 'programs'.
#
#   answered($port)         responses of the kernel, all servers together
#   passed($port, $reason)  queries that it has left to their sockets
#   attached('lo')          the name of the program of a device, or ''
#   until_hot($t, $port, sub { ... })
#                           calls it until the kernel has answered it, and
#                           returns what it gave last

use warnings;
use strict;

use Exporter qw/ import /;
use Test::More import => [ qw/ plan / ];
use Time::HiRes qw/ sleep time /;

use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Status;

our @EXPORT = qw/ own_kernel pair pass_through vlan answered passed attached
    until_hot /;


sub own_kernel {
    own_network();

    plan(skip_all => 'no bpftool here')
        if system('bpftool version >/dev/null 2>&1');

    my $t = Test::Nginx::DNS->new()->has('http');

    my ($code, $said) = $t->test_config(<<'EOF');
%%TEST_GLOBALS%%
events { }
stream {
    dns_xdp lo;
    dns_cache_zone zone=c:1m;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_cache    c;
        dns_forward  . 127.0.0.1;
        dns_xdp      on;
    }
}
EOF

    my $why = $said =~ /is not in this build/ ? 'dns_xdp is not in this build'
            : $said =~ /dns_xdp: (.*?); queries are/ ? "no program: $1" : '';

    if ($why) {
        $t->{skipped} = 1;
        plan(skip_all => $why);
    }

    return $t;
}


sub pair {
    my ($there, $here) = @_;

    my $net = Test::Nginx::DNS::Namespace->new();

    must(qw/ ip link add veth1 type veth peer name veth0 netns /, $net->pid());
    must(qw/ ip link set veth1 up /);
    must($net->enter(), qw/ ip link set veth0 up /);

    for ([ $here, 'veth1' ], [ $there, 'veth0', $net->enter() ]) {
        my ($addrs, $device, @enter) = @$_;

        for my $addr (ref $addrs ? @$addrs : $addrs) {
            must(@enter, qw/ ip address add /, $addr, 'dev', $device,
                 $addr =~ /:/ ? 'nodad' : ());
        }
    }

    return $net;
}


sub pass_through {
    my ($t, $net) = @_;

    my $dir = $t->testdir();

    $t->write_file('pass.c', <<'EOF');
int __attribute__((section("xdp"), used)) pass(void *ctx) { return 2; }
char text[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
EOF

    must(qw/ clang -O2 -target bpf -c /, "$dir/pass.c", '-o', "$dir/pass.o");
    must($net->enter(), qw/ ip link set dev veth0 xdpdrv object /,
         "$dir/pass.o", qw/ section xdp /);
}


sub vlan {
    my ($t, $net, $there, $here) = @_;

    my $way = 'devices';

    for ([ 'veth1', $here ], [ 'veth0', $there, $net->enter() ]) {
        my ($device, $addr, @enter) = @$_;

        must(@enter, qw/ ethtool -K /, $device, qw/ txvlan off rxvlan off /);

        if (system(join(' ', @enter, 'ip link add link', $device,
                        'name vlan type vlan id 5 2>/dev/null')) == 0)
        {
            must(@enter, qw/ ip address add /, $addr, qw/ dev vlan /);
            must(@enter, qw/ ip link set vlan up /);
            next;
        }

        $way = 'programs';

        must(@enter, qw/ ip address add /, $addr, 'dev', $device);
        tags($t, $device, $addr, @enter);
    }

    return $way;
}


# a tag for what is to an address of that network, and off with all that come

sub tags {
    my ($t, $device, $addr, @enter) = @_;

    my $file = $t->testdir() . '/tags';
    my $net = sprintf '0x%02x%02x%02x', $addr =~ /(\d+)\.(\d+)\.(\d+)\./;

    $t->write_file('tags.c', <<'EOF' =~ s/NET/$net/r);
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("on") int put_on(struct __sk_buff *skb)
{
    __be32  addr;

    if (skb->protocol == bpf_htons(0x0800)
        && bpf_skb_load_bytes(skb, 14 + 16, &addr, 4) == 0
        && bpf_ntohl(addr) >> 8 == NET)
    {
        bpf_skb_vlan_push(skb, bpf_htons(0x8100), 5);
    }

    return 0;
}

SEC("off") int take_off(struct __sk_buff *skb)
{
    if (skb->vlan_present) {
        bpf_skb_vlan_pop(skb);
    }

    return 0;
}

char text[] SEC("license") = "GPL";
EOF

    my ($arch) = `gcc -print-multiarch` =~ /(\S+)/;

    must(qw/ clang -O2 -target bpf -ffreestanding -idirafter /,
         '/usr/include/' . ($arch // ''), '-c', "$file.c", '-o', "$file.o");

    must(@enter, qw/ tc qdisc add dev /, $device, 'clsact');
    must(@enter, qw/ tc filter add dev /, $device,
         qw/ egress bpf direct-action object-file /, "$file.o",
         qw/ section on /);
    must(@enter, qw/ tc filter add dev /, $device,
         qw/ ingress bpf direct-action object-file /, "$file.o",
         qw/ section off /);
}


sub answered {
    my ($port) = @_;

    return total(metrics($port), 'nginx_dns_responses_total',
                 qr/source="xdp"/);
}


sub passed {
    my ($port, $reason) = @_;

    return total(metrics($port), 'nginx_dns_xdp_passes_total',
                 qr/reason="$reason"/);
}


sub attached {
    my ($device) = @_;

    my ($id) = `ip -d link show dev $device` =~ /prog\/xdp\w* id (\d+)/;

    return '' if !$id;

    return `bpftool prog show id $id` =~ / name (\S+)/ ? $1 : '?';
}


sub until_hot {
    my ($t, $port, $ask) = @_;

    my $before = answered($port);
    my $last;

    my $hot = $t->wait_for(sub {
        $last = $ask->();
        return answered($port) > $before;
    }, 10);

    return $hot ? $last : undef;
}


1;
