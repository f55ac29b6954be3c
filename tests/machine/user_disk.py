# SPDX-License-Identifier: Apache-2.0
# not a test: a module of the programs beside it
"""A disk of the machine's that is a program of ours (user_disk.h), on a SCSI bus of its own."""

MODULES = ["target_core_user", "tcm_loop"]


def attach(machine, number, sectors, program, *words):
    """Begins the program, with UIO MAP-BYTES, words and LOG. Gives the log's name."""
    core = f"/sys/kernel/config/target/core/user_{number}"
    loop = "/sys/kernel/config/target/loopback"
    log = f"/tmp/user_disk.{number}"
    words = " ".join(str(w) for w in words).replace("LOG", log)
    machine.sh(f"""set -e
        [ -d /sys/kernel/config/target ] || mount -t configfs none /sys/kernel/config
        mkdir -p {core}/disk
        echo dev_config=test/{number},dev_size={sectors * 512},hw_block_size=512 >{core}/disk/control
        echo 1 >{core}/disk/enable
        uio=$(grep -l 'tcm-user/{number}/' /sys/class/uio/*/name); uio=${{uio%/name}}
        setsid {program} /dev/${{uio##*/}} $(cat $uio/maps/map0/size) {words} >/dev/null 2>&1 &
        echo $! >{log}.pid
        until [ -e {log} ]; do sleep 0.05; done
        port={loop}/naa.5001405{number:09x}/tpgt_1
        mkdir -p $port
        echo naa.6001405{number:09x} >$port/nexus
        mkdir $port/lun/lun_0
        ln -s {core}/disk $port/lun/lun_0/disk""")
    machine.until(f"ls -l /sys/block | grep -q tcm_loop_adapter_{number}/")
    return log


def detach(machine, number):
    """Pulls it out: the kernel lets go of it, then the program is told to end, and has."""
    loop = f"/sys/kernel/config/target/loopback/naa.5001405{number:09x}"
    core = f"/sys/kernel/config/target/core/user_{number}"
    machine.sh(f"""set -e
        rm {loop}/tpgt_1/lun/lun_0/disk
        rmdir {loop}/tpgt_1/lun/lun_0
        pid=$(cat /tmp/user_disk.{number}.pid)
        kill $pid
        while kill -0 $pid 2>/dev/null; do sleep 0.05; done
        echo '' >{loop}/tpgt_1/nexus 2>/dev/null || true
        rmdir {loop}/tpgt_1 {loop} 2>/dev/null || true
        rmdir {core}/disk 2>/dev/null || true""")
