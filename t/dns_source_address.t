#!/usr/bin/perl

# Tests for a machine whose own address changes: sockets to servers that were
# open before have an address that is not there any more, and are replaced at
# once.  The server is in another network, at the other end of a cable.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Status;
use POSIX ();

own_network();

my $t = Test::Nginx::DNS->new()->has('http')->plan(22);
my $net = Test::Nginx::DNS::Namespace->new();

must(qw/ ip link add near type veth peer name far netns /, $net->pid());
must(qw/ ip link set near up /);
# a new address of a network takes the place of the old one

must('sh', '-c',
     'echo 1 >/proc/sys/net/ipv4/conf/near/promote_secondaries');

must(qw/ ip addr add 198.51.100.1\/24 dev near /);
must(qw/ ip -6 addr add 2001:db8::1\/64 dev near nodad /);

must($net->enter(), split ' ', $_) for 'ip link set far up',
    'ip addr add 198.51.100.254/24 dev far',
    'ip -6 addr add 2001:db8::fe/64 dev far nodad';

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream u4 {
    server        198.51.100.254:%%PORT_8081%%;
    health_check  interval=100ms timeout=1s fails=3;
}

dns_upstream u6 {
    server        [2001:db8::fe]:%%PORT_8081%%;
    health_check  interval=100ms timeout=1s fails=3;
}

dns_upstream t4 {
    server        tcp://198.51.100.254:%%PORT_8081%%;
    health_check  interval=500ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  u4.test u4;
    dns_forward  u6.test u6;
    dns_forward  t4.test t4;
}
EOF_CONF

my ($port, $status) = map { $t->port($_) } 8053, 8080;

# the first query for some names is answered late

sub answer {
    my ($query) = @_;

    return { a => '192.0.2.1',
             $query->{qname} =~ /^late/ && $query->{n} == 0 ? (delay => 0.3)
                                                            : () };
}

my ($four, $six) = map {
    my $addr = $_;

    $net->in(sub {
        $t->upstream(8081, \&answer, addr => $addr, tcp => 1);
    });
} qw/ 198.51.100.254 2001:db8::fe /;

$t->run();

# all are answered, and none waits for long

my $slowest;

sub all {
    my ($zone) = @_;

    $slowest = 0;

    my $r = dns_bulk($port, 200, window => 20, name => sub { "n$_[0].$zone" },
        each => sub {
            my (undef, undef, undef, $took) = @_;
            $slowest = $took if $took > $slowest;
        });

    return join ' ', map { "$_: $r->{$_}" } sort keys %$r;
}

sub ways {
    my ($what) = @_;

    for (qw/ t4.test u4.test u6.test /) {
        is(all($_), '192.0.2.1: 200', "$_: $what");
        cmp_ok($slowest, '<', 1, 'at once') if $what ne 'before';
    }
}

# asked before the address changes, answered after that; see below

sub late {
    my ($zone) = @_;

    my $pid = fork() // die "fork: $!\n";

    return $pid if $pid;

    my $r = dns_query($port, "late.$zone", 'A', timeout => 1);

    POSIX::_exit($r && $r->{rcode} eq 'NOERROR' ? 0 : 1);
}

$t->wait_for(sub { all('u6.test') eq '192.0.2.1: 200' });

ways('before');

# at once, as DHCP has it, and with a moment without any

my %late = map { $_ => late($_) } qw/ t4.test u4.test u6.test /;

$t->wait_for(sub { $four->count('late.t4.test') && $four->count('late.u4.test')
                   && $six->count('late.u6.test') });

must(qw/ ip addr add 198.51.100.2\/24 dev near /);
must(qw/ ip -6 addr add 2001:db8::2\/64 dev near nodad /);
must(qw/ ip addr del 198.51.100.1\/24 dev near /);
must(qw/ ip -6 addr del 2001:db8::1\/64 dev near /);

ways('after');

for (sort keys %late) {
    waitpid $late{$_}, 0;
    is($?, 0, "$_: in flight");
}

is((grep { $_->{addr} eq '198.51.100.2' } $four->queries()) > 0, 1,
   'asked from the new address');

must(qw/ ip addr del 198.51.100.2\/24 dev near /);
must(qw/ ip -6 addr del 2001:db8::2\/64 dev near /);
must(qw/ ip addr add 198.51.100.3\/24 dev near /);
must(qw/ ip -6 addr add 2001:db8::3\/64 dev near nodad /);

ways('again');

# and health checks

my $passed = sub {
    total(metrics($status), 'nginx_dns_health_checks_total', qr/"pass"/);
};

my $before = $passed->();
ok($t->wait_for(sub { $passed->() >= $before + 9 }, 3), 'checks pass');
is(total(metrics($status), 'nginx_dns_upstream_up'), 3, 'all are up');
unlike($t->error_log(), qr/is down/, 'and none was down');

