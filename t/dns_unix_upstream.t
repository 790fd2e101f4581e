#!/usr/bin/perl

# Tests for servers on unix: sockets.  Behind the socket is a stream server of
# nginx that passes it all on to one on TCP.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(13);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
log_format  f  '$dns_qname $dns_upstream_addr';

dns_upstream u {
    server        unix:%%TESTDIR%%/there max_fails=0;
    server        unix:%%TESTDIR%%/missing;
    health_check  off;
}

dns_upstream checked {
    server        unix:%%TESTDIR%%/there weight=2;
    health_check  interval=100ms;
}

server {
    listen      unix:%%TESTDIR%%/there;
    proxy_pass  127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  two.test u;
    dns_forward  checked.test checked;
    dns_forward  . unix:%%TESTDIR%%/there;
    access_log   %%TESTDIR%%/dns.log f;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    return { a => '192.0.2.1', close => $_[0]{qname} =~ /^close/ ? 'after' : 0 };
}, tcp => 1, probes => 1);

$t->run();

my ($port, $dir) = ($t->port(8053), $t->testdir());

is(dns_query($port, 'a.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'dns_forward');
is(dns_query($port, 'b.test', 'A', proto => 'tcp')->{answers}[0]{data},
   '192.0.2.1', 'for a client over TCP');
is_deeply(dns_bulk($port, 100, name => sub { "q$_[0].test" }, window => 20),
          { '192.0.2.1' => 100 }, 'many');
cmp_ok($u->accepted(), '<=', 8, 'over few connections');

is(dns_query($port, 'close.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'closed after an answer');
is(dns_query($port, 'after.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'the next has another connection');

is_deeply(dns_bulk($port, 20, name => sub { "q$_[0].two.test" }, window => 1),
          { '192.0.2.1' => 20 }, 'one is missing: the other one');
is(dns_query($port, 'a.checked.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'with health checks');
ok($t->wait_for(sub { $u->count('.') >= 2 }), 'that come');

my $metrics = metrics($t->port(8080));

is(total($metrics, 'nginx_dns_upstream_up',
         qr/upstream="checked",server="unix:\Q$dir\E\/there"/), 1, 'metrics');

$t->stop();

like($t->read_file('dns.log'), qr/^a.test unix:\Q$dir\E\/there$/m, 'log');
like($t->error_log(),
     qr/upstream "u": server unix:\Q$dir\E\/missing left out/, 'left out');
unlike($t->error_log(), qr/server unix:\Q$dir\E\/there left out/, 'not this');
