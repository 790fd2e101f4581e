#!/usr/bin/perl

# Tests with real name servers that are asked over TLS, verified: unbound,
# dnsdist and the Knot Resolver.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);
my $ca = Test::Nginx::DNS::Certificate->new($t);
my $dir = $t->testdir();

my %port = (unbound => 8101, dnsdist => 8102, kresd => 8103);
my %addr = (unbound => '192.0.2.1', dnsdist => '192.0.2.2',
            kresd => '192.0.2.3');

my @peers = grep { system("which $_ >/dev/null 2>&1") == 0 } sort keys %port;

plan(skip_all => 'unbound is missing') if !grep { $_ eq 'unbound' } @peers;

$t->plan(1 + 9 * @peers);

$ca->issue($_, "DNS:$_.test") for @peers;

my $upstreams = join '', map { <<EOF } @peers;
    dns_upstream $_ {
        server        tls://127.0.0.1:%%PORT_$port{$_}%% name=$_.test;
        health_check  interval=100ms query=up.test type=A;
        ssl_trusted_certificate  $dir/ca.pem;
    }

    dns_upstream other_$_ {
        server        tls://127.0.0.1:%%PORT_$port{$_}%% name=other.test;
        health_check  off;
        ssl_trusted_certificate  $dir/ca.pem;
    }

EOF

my $forwards = join '', map { <<EOF } @peers;
        dns_forward  $_.test $_;
        dns_forward  other-$_.test other_$_;
EOF

$t->write_file_expand('nginx.conf', <<EOF);

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8088%%;

        location /status {
            dns_status  json;
        }
    }
}

stream {
    dns_upstream_timeout  3s;

$upstreams
    server {
        listen  127.0.0.1:%%PORT_8053%% udp;
        listen  127.0.0.1:%%PORT_8053%%;

$forwards
    }
}
EOF

$t->write_file_expand('unbound.conf', <<'EOF');
server:
    outgoing-port-avoid: 1024-32767
    directory: "%%TESTDIR%%"
    chroot: ""
    username: ""
    pidfile: "%%TESTDIR%%/unbound.pid"
    use-syslog: no
    interface: 127.0.0.1@%%PORT_8101%%
    tls-port: %%PORT_8101%%
    tls-service-pem: "%%TESTDIR%%/unbound.pem"
    tls-service-key: "%%TESTDIR%%/unbound.key"
    num-threads: 1
    module-config: "iterator"
    local-zone: "test." redirect
    local-data: "test. 60 A 192.0.2.1"
remote-control:
    control-enable: no
EOF

$t->write_file_expand('dnsdist.conf', <<'EOF');
setLocal('127.0.0.1:%%PORT_8085%%')
setACL('127.0.0.0/8')
addTLSLocal('127.0.0.1:%%PORT_8102%%', '%%TESTDIR%%/dnsdist.pem',
            '%%TESTDIR%%/dnsdist.key')
addAction(AllRule(), SpoofAction('192.0.2.2'))
EOF

$t->write_file_expand('kresd.conf', <<'EOF');
net.listen('127.0.0.1', %%PORT_8103%%, { kind = 'tls' })
net.tls('%%TESTDIR%%/kresd.pem', '%%TESTDIR%%/kresd.key')
cache.size = 1 * MB
policy.add(policy.suffix(policy.ANSWER({
    [kres.type.A] = { rdata = kres.str2ip('192.0.2.3'), ttl = 60 }
}), { todname('test.') }))
EOF

mkdir "$dir/kresd" or die;

my %command = (
    unbound => [ 'unbound', '-d', '-c', "$dir/unbound.conf" ],
    dnsdist => [ 'dnsdist', '--supervised', '--disable-syslog', '-C',
                 "$dir/dnsdist.conf" ],
    kresd => [ 'kresd', '-n', '-c', "$dir/kresd.conf", "$dir/kresd" ],
);

my %pid = map { $_ => $t->spawn("$_.out", @{$command{$_}}) } @peers;

END {
    my $code = $?;

    for (grep { $_ } values %pid) {
        kill 'KILL', $_;
        waitpid $_, 0;
    }

    $? = $code;
}

$t->run();

my $port = $t->port(8053);

sub server {
    my ($name) = @_;

    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};

    return $u->{servers}[0];
}

ok($t->wait_for(sub { !grep { !server($_)->{checks_passed} } @peers }, 20),
   'all have started, and are well')
    or diag map { "$_: " . $t->read_file("$_.out") } @peers;

for my $name (@peers) {
    is(dns_query($port, "a.$name.test", 'A')->{answers}[0]{data}, $addr{$name},
       "$name, UDP");
    is(dns_query($port, "b.$name.test", 'A', proto => 'tcp',
                 edns => 1232)->{answers}[0]{data},
       $addr{$name}, "$name, TCP, padded");

    is_deeply(dns_bulk($port, 1000, name => sub { "q$_[0].$name.test" },
                       window => 100), { $addr{$name} => 1000 },
              "$name, many");

    is(dns_query($port, "a.other-$name.test", 'A')->{rcode}, 'SERVFAIL',
       "$name under another name");
    is(server("other_$name")->{tls_error}, 'hostname mismatch',
       "$name, the reason");

    # connections that end by a restart

    kill 'TERM', $pid{$name};
    waitpid $pid{$name}, 0;

    ok($t->wait_for(sub { server($name)->{state} eq 'unhealthy' }),
       "$name is down");

    my $full = server($name)->{handshakes_full};
    my $resumed = server($name)->{handshakes_resumed};

    $pid{$name} = $t->spawn("$name.out", @{$command{$name}});

    ok($t->wait_for(sub { server($name)->{up} }, 15), "$name is up again");
    is(dns_query($port, "c.$name.test", 'A')->{answers}[0]{data}, $addr{$name},
       "$name answers");

    cmp_ok(server($name)->{handshakes_full} + server($name)->{handshakes_resumed},
           '>', $full + $resumed, "$name, new connections");
}
