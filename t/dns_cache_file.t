#!/usr/bin/perl

# Tests for dns_cache_zone ... file=: answers outlive a stop and a start, with
# TTLs aged; a reload does not read the file, a purge gets into it, a worker
# that is killed and a binary upgrade change nothing.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Time::HiRes qw/ time sleep /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(27);
my $dir = $t->testdir();

$t->allow(qr/worker process \d+ exited on signal 9/);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /status {
            dns_status  json;
        }

        location /dns {
            dns_control;
        }
    }
}

stream {
    dns_cache_zone  zone=c:1m file=%%TESTDIR%%/answers.cache;

    server {
        listen             127.0.0.1:%%PORT_8053%% udp;
        dns_cache          c;
        dns_client_subnet  forward;
        dns_forward        . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$t->write_file_expand('nginx.conf', $conf);

my $up = $t->upstream(8081, sub {
    my ($query) = @_;

    return { rcode => 'NXDOMAIN', authority =>
             [ [ 'test', 'SOA', 300, 'ns.test root.test 1 2 3 4 300' ] ] }
        if $query->{qname} =~ /^nx/;
    return { ttl => 2, a => '192.0.2.2' } if $query->{qname} =~ /^short/;
    return { ttl => 1000, a => '192.0.2.1' };
});

my ($udp, $http, $file) = ($t->port(8053), $t->port(8080), "$dir/answers.cache");

$t->run();

ok($t->wait_for(sub { -s $file }), 'there is a file soon');
is((stat $file)[2] & 07777, 0600, 'mode');

my $names = 200;

# a worker that finds another one storing does without: until all are there

$t->wait_for(sub {
    $up->reset();
    dns_bulk($udp, $names, name => sub { "n$_[0].test" });
    dns_query($udp, 'nx.test', 'A');
    return !keys %{$up->names()};
});

dns_query($udp, 'short.test', 'A');

my $began = time();

restart();

is((stat $file)[2] & 07777, 0600, 'mode');
is_deeply([ glob "$file*" ], [ $file ], 'nothing else is left');

# what was there is there

$up->reset();

my $all = dns_bulk($udp, $names, name => sub { "n$_[0].test" });

is($all->{'192.0.2.1'}, $names, 'answers');

sleep_until($began + 3);

my $r = dns_query($udp, 'n1.test', 'A');
my $ttl = $r->{answers}[0]{ttl};

cmp_ok($ttl, '<=', 1000 - int(time() - $began) + 1, 'aged');
cmp_ok($ttl, '>=', 1000 - int(time() - $began) - 8, 'and no more than that');
is(dns_query($udp, 'nx.test', 'A')->{rcode}, 'NXDOMAIN', 'negative');
is_deeply($up->names(), {}, 'nobody was asked');

dns_query($udp, 'short.test', 'A');
is($up->count(), 1, 'but for what is past its end');

# a reload keeps what there is, and reads nothing

my $was = () = $t->error_log() =~ /answers of .* were read/g;

is($was, 1, 'read once');
dns_query($udp, 'later.test', 'A');
ok($t->reload(), 'reload');
$up->reset();
dns_query($udp, $_, 'A') for qw/ later.test n2.test /;
is($up->count(), 0, 'kept over a reload');
is(scalar(() = $t->error_log() =~ /were read/g), 1, 'and not read again');

# another path: written at once

$t->write_file_expand('nginx.conf', $conf =~ s/answers\.cache/other.cache/r);
$t->reload();
ok($t->wait_for(sub { -s "$dir/other.cache" }), 'another path');
$t->write_file_expand('nginx.conf', $conf);
$t->reload();

# another size: a new zone, which has what is in the file

$t->write_file_expand('nginx.conf', $conf =~ s/zone=c:1m/zone=c:2m/r);
ok($t->reload(), 'another size');
$up->reset();
dns_query($udp, 'n3.test', 'A');
is($up->count(), 0, 'from the file');

# a worker is killed

my ($worker) = $t->workers();

kill 'KILL', $worker;
$t->wait_for(sub { $t->workers() == 2 && !grep { $_ == $worker } $t->workers() });
$up->reset();
ok($t->wait_for(sub { dns_query($udp, 'n4.test', 'A', timeout => 1) }), 'killed');
is($up->count(), 0, 'a hit');

# what was purged is not in the file any more

my $before = (stat $file)[1];

# what a worker left that was killed while it wrote

$t->write_file('answers.cache.tmp', 'left');

http($http, '/dns/caches/c/purge?name=n5.test', method => 'POST');

ok($t->wait_for(sub { ((stat $file)[1] // $before) != $before }, 15),
   'written after a purge');
ok(!-e "$file.tmp", 'and nothing is left');
kill 'KILL', $t->pid(), $t->workers();
$t->wait_for(sub { $t->gone($t->pid()) });
unlink "$dir/nginx.pid";
$t->run();
$up->reset();
dns_query($udp, $_, 'A') for qw/ n5.test n6.test /;
is_deeply($up->names(), { 'n5.test' => 1 }, 'it stays purged when all are killed');

# SIGTERM

dns_query($udp, 'term.test', 'A');
restart('TERM');
$up->reset();
dns_query($udp, 'term.test', 'A');
is($up->count(), 0, 'SIGTERM');

# a file that can't be read, and the next start is as the first

$t->signal('QUIT');
$t->wait_for(sub { $t->gone($t->pid()) });

my $data = $t->read_file('answers.cache');

substr($data, 200, 1) ^= 'x';
$t->write_file('answers.cache', $data);
$t->run();
is(scalar(() = $t->error_log() =~ /answers.cache" is damaged, it is left out/g),
   1, 'damaged');
$up->reset();
dns_query($udp, 'n7.test', 'A');
is($up->count(), 1, 'nothing of it is believed');

$t->signal('QUIT');
$t->wait_for(sub { $t->gone($t->pid()) });
$data = $t->read_file('answers.cache');
substr($data, 0, 1) ^= 'x';
$t->write_file('answers.cache', $data);
$t->run();
like($t->error_log(), qr/\[warn\].*answers.cache" is of another version, it is/,
     'another version');

ok($t->wait_for(sub { substr($t->read_file('answers.cache'), 1, 3) eq 'snd' }),
   'written anew');


sub restart {
    my ($signal) = @_;

    $t->signal($signal // 'QUIT');
    $t->wait_for(sub { $t->gone($t->pid()) }, 15) or die "does not stop\n";
    $t->run();
}
